"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
// Buttons would cover legends where no pointer calls for them.
const buttons = window.matchMedia("(hover: hover)").matches && "hover";
const config = { responsive: true, displaylogo: false, displayModeBar: buttons };
for (const [id, figure] of Object.entries(data.figures)) {
  // A legend above an axis takes more lines on a narrow page.
  const legend = figure.layout.legend;
  if (legend.y > 1 && window.innerWidth < 900)
    legend.y += (window.innerWidth < 500 ? 90 : 60) / (figure.layout.height - 170);
  Plotly.newPlot(id, figure.data, figure.layout, config);
}

const choice = document.getElementById("layer"), levels = document.getElementById("levels");

// What a name is called at every level: `%x_1` and the symbol `x` come from `%x`.
const base = (name) => name.replace(/^%/, "").replace(/_\d+$/, "");
const names = (line) => new Set((line.match(/%[A-Za-z_][\w.]*|\b[A-Za-z_][\w.]*(?=\+0x|$)/g) || []).map(base));

function show(number) {
  levels.replaceChildren();
  for (const [level, text] of Object.entries(data.texts[number])) {
    const pane = document.createElement("div"), title = document.createElement("h3"), pre = document.createElement("pre");
    title.textContent = level;
    for (const line of text.split("\n")) {
      const span = document.createElement("span");
      span.className = "line";
      span.textContent = line || " ";
      span.names = names(line);
      pre.append(span);
    }
    pane.append(title, pre);
    levels.append(pane);
  }
}

// Lines about the same values are marked in all panes.
levels.addEventListener("mouseover", (event) => {
  const over = event.target.names;
  for (const line of levels.querySelectorAll("span.line"))
    line.classList.toggle("linked", !!over && [...over].some((name) => line.names.has(name)));
});

function choose(number) {
  choice.value = number;
  show(number);
}

choice.addEventListener("change", () => show(choice.value));
const bars = document.getElementById("layers");
if (bars && bars.on)
  bars.on("plotly_click", (event) => {
    choose(event.points[0].pointNumber);
    document.getElementById("text").scrollIntoView({ behavior: "smooth" });
  });
if (data.texts.length) choose(0);
document.body.dataset.ready = "yes";
