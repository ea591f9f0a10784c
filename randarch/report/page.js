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

  // A click on a head sorts: numbers the largest first, words from a on, the other way round at the next click.
  const key = (row, column) => row.cells[column].dataset.key;
  const compare = (a, b, numbers) => (numbers ? Number(a) - Number(b) : a.localeCompare(b));
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    const body = table.tBodies[0];
    const sort = (column) => {
      const rows = [...body.rows];
      const known = rows.filter((row) => key(row, column) !== "");
      const unknown = rows.filter((row) => key(row, column) === "");
      const numbers = known.every((row) => !Number.isNaN(Number(key(row, column))));
      const before = heads[column].getAttribute("aria-sort");
      const falling = before ? before === "ascending" : numbers;
      const sign = falling ? -1 : 1;
      known.sort((a, b) => sign * compare(key(a, column), key(b, column), numbers));
      body.append(...known, ...unknown);
      heads.forEach((head) => head.removeAttribute("aria-sort"));
      heads[column].setAttribute("aria-sort", falling ? "descending" : "ascending");
    };
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      button.addEventListener("click", () => sort(column));
      head.replaceChildren(button);
    });
  }

  // A choice among tables: numbers and the colours of their cells.
  const paint = (table, values, { low, high, colours }) => {
    values.forEach((row, i) => {
      row.forEach((value, j) => {
        const cell = table.tBodies[0].rows[i].cells[j + 1];
        const step = Math.round(((value - low) / (high - low)) * (colours.length - 1));
        const [background, ink] = colours[Math.min(Math.max(step, 0), colours.length - 1)];
        cell.textContent = String(Math.round(value)).replace("-", "\u2212");
        cell.style.background = background;
        cell.style.color = ink;
      });
    });
  };
  for (const picker of document.querySelectorAll(".picker")) {
    const maps = JSON.parse(picker.querySelector("script").textContent);
    const select = picker.querySelector("select");
    const part = (name) => picker.querySelector(`[data-part="${name}"]`);
    const choose = () => {
      const chosen = maps.classes[Number(select.value)];
      part("text").textContent = chosen.text;
      paint(part("counts"), chosen.counts, maps.shades);
      paint(part("difference"), chosen.difference, maps.differences);
    };
    select.addEventListener("change", choose);
    choose();
    picker.hidden = false;
  }
})();
