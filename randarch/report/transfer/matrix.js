// A click on a cell of a matrix opens the scatter of its pair; a choice shows the matrix of one source.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const holder = document.getElementById("apr-scatter");
  const part = document.getElementById("apr");
  if (!holder || !part) return;
  const known = JSON.parse(document.getElementById("apr-errors").textContent);
  const chart = JSON.parse(document.getElementById("charts").textContent)["apr-scatter"];
  const target = holder.querySelector(".interactive");
  const said = document.getElementById("apr-pair");
  for (const text of part.querySelectorAll(".if-script")) text.hidden = false;
  const tables = [...part.querySelectorAll("table.apr")];
  const of = (source) => tables.find((table) => table.dataset.source === source);

  const traces = (source, row, column) => {
    const [x, y] = [column, row].map((name) => known.sources[source][name]);
    const rows = x.map((_, i) => i).filter((i) => x[i] !== null && y[i] !== null);
    const order = [...rows].sort((a, b) => y[a] - y[b] || a - b);
    const k = Math.min(known.marked, Math.floor(rows.length / 4));
    const best = order.slice(0, k);
    const worst = order.slice(order.length - k);
    const others = order.slice(k, order.length - k).sort((a, b) => a - b);
    const name = known.names[row];
    const hover = (i) =>
      `<b>${known.texts[i]}</b><br>${name}: ${y[i].toFixed(2)} %<br>${known.names[column]}: ${x[i].toFixed(2)} %`;
    const groups = [
      [others, "the others"],
      [best, `${k} best on ${name}`],
      [worst, `${k} worst on ${name}`],
    ];
    return groups.map(([chosen, label], trace) => ({
      ...chart.data[trace],
      name: label,
      x: chosen.map((i) => x[i]),
      y: chosen.map((i) => y[i]),
      hovertext: chosen.map(hover),
    }));
  };

  const titled = (axis, name) => {
    const text = `test error on ${known.names[name]} (%)`;
    return { ...axis, title: { ...axis.title, text } };
  };

  let shown = known.first;
  const buttonOf = ([source, row, column]) => {
    const cells = [...of(source).querySelectorAll("td[data-row]")];
    const cell = cells.find((one) => one.dataset.row === row && one.dataset.column === column);
    return cell && cell.querySelector("button");
  };
  const mark = () => {
    for (const button of part.querySelectorAll("td button")) {
      button.setAttribute("aria-pressed", "false");
      button.tabIndex = -1;
    }
    for (const table of tables) {
      const chosen = buttonOf([table.dataset.source, ...shown.slice(1)]) || table.querySelector("td button");
      if (chosen) chosen.tabIndex = 0;
    }
    const button = buttonOf(shown);
    if (!button) return;
    button.setAttribute("aria-pressed", "true");
    said.textContent = button.parentElement.title;
  };
  const open = (pair) => {
    shown = pair;
    mark();
    const [source, row, column] = pair;
    const { xaxis, yaxis, ...rest } = chart.layout;
    const layout = { ...rest, xaxis: titled(xaxis, column), yaxis: titled(yaxis, row) };
    if (holder.classList.contains("live")) Plotly.react(target, traces(source, row, column), layout);
  };

  const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  for (const table of tables) {
    const rows = [...table.tBodies[0].rows];
    rows.forEach((line, i) => {
      [...line.cells].slice(1).forEach((cell, j) => {
        if (!cell.dataset.row) return;
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = cell.textContent;
        button.setAttribute("aria-label", `${cell.title}. Show the scatter.`);
        button.addEventListener("click", () => {
          open([table.dataset.source, cell.dataset.row, cell.dataset.column]);
          holder.scrollIntoView({ block: "nearest" });
        });
        button.addEventListener("keydown", (event) => {
          const step = steps[event.key];
          if (!step) return;
          event.preventDefault();
          let [r, c] = [i + step[0], j + step[1]];
          // The diagonal has no scatter: over it.
          if (r === c) [r, c] = [r + step[0], c + step[1]];
          const next = rows[r] && rows[r].cells[c + 1] && rows[r].cells[c + 1].querySelector("button");
          if (next) next.focus();
        });
        cell.replaceChildren(button);
      });
    });
  }

  const choices = [...part.querySelectorAll("input[name=apr-source]")];
  const reveal = (source) => {
    for (const table of tables) table.closest(".map").hidden = table.dataset.source !== source;
  };
  const choose = (source) => {
    reveal(source);
    const has = (name) => known.sources[source][name];
    const pair = shown.slice(1);
    const first = of(source).querySelector("td[data-row]");
    if (pair.every(has)) open([source, ...pair]);
    else if (first) open([source, first.dataset.row, first.dataset.column]);
  };
  for (const choice of choices) choice.addEventListener("change", () => choose(choice.value));
  const chooser = part.querySelector(".chooser");
  if (chooser) {
    chooser.hidden = false;
    reveal(choices.find((choice) => choice.checked).value);
  }
  mark();
  // What is hidden now left room.
  if (holder.classList.contains("live")) Plotly.Plots.resize(target);
});
