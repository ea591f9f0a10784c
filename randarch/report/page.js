// Puts an interactive chart in the place of each picture. If one fails, its picture stays.
"use strict";
(() => {
  const charts = JSON.parse(document.getElementById("charts").textContent);
  const config = { responsive: true, displaylogo: false, displayModeBar: false };
  for (const [id, chart] of Object.entries(charts)) {
    const holder = document.getElementById(id);
    const target = holder.querySelector(".interactive");
    holder.classList.add("live");
    const draw = async () => Plotly.newPlot(target, chart.data, chart.layout, config);
    draw().catch((error) => {
      holder.classList.remove("live");
      console.error(`The chart ${id} could not be drawn; its picture is shown.`, error);
    });
  }
})();
