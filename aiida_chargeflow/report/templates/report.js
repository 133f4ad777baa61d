"use strict";
// Sort by the heads of a table, filter its rows, and show the node behind a number. No library, no network.

function sortBy(table, column, direction) {
  const body = table.tBodies[0], rows = [...body.rows];
  const key = row => row.cells[column].dataset.value;
  const compare = (a, b) => {
    const [x, y] = [key(a), key(b)];
    if (x === "" || y === "") return (x === "") - (y === ""); // without a value: last, whatever the direction
    return direction * (isNaN(x) || isNaN(y) ? x.localeCompare(y, "en", { numeric: true }) : x - y);
  };
  body.append(...rows.sort(compare));
  [...table.tHead.rows[0].cells].forEach((head, k) =>
    head.setAttribute("aria-sort", k !== column ? "none" : direction > 0 ? "ascending" : "descending"));
}

for (const table of document.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((head, column) => head.querySelector("button").addEventListener("click", () =>
    sortBy(table, column, head.getAttribute("aria-sort") === "ascending" ? -1 : 1)));
}

// "alloyed gap_ev<0.5": every word must be in the row, every comparison must hold.
const COMPARISON = /^(\w+)(<=|>=|<|>|=)(.+)$/;
const HOLDS = { "<": (a, b) => a < b, ">": (a, b) => a > b, "<=": (a, b) => a <= b, ">=": (a, b) => a >= b, "=": (a, b) => a === b };

function accepts(row, word, keys) {
  const found = COMPARISON.exec(word), column = found ? keys.indexOf(found[1]) : -1;
  if (column < 0) return row.textContent.toLowerCase().includes(word.toLowerCase());
  const value = row.cells[column].dataset.value, [x, y] = [Number(value), Number(found[3])];
  if (value === "") return false;
  return isNaN(x) || isNaN(y) ? found[2] === "=" && value === found[3] : HOLDS[found[2]](x, y);
}

const filter = document.getElementById("filter");
if (filter) {
  const table = document.querySelector("table.sortable"), rows = [...table.tBodies[0].rows];
  const keys = [...table.tHead.rows[0].cells].map(head => head.dataset.key);
  filter.addEventListener("input", () => {
    const words = filter.value.trim().split(/\s+/).filter(Boolean);
    for (const row of rows) row.hidden = !words.every(word => accepts(row, word, keys));
    const shown = rows.filter(row => !row.hidden).length;
    document.getElementById("shown").textContent = `${shown} of ${rows.length} models`;
  });
}

const source = document.getElementById("source"), command = document.getElementById("source-command");
document.addEventListener("click", event => {
  if (event.target.closest("a, button, input, summary")) return;
  const cell = event.target.closest("[data-uuid]");
  if (!cell || String(getSelection())) return; // a selection is for copying the number
  document.getElementById("source-value").textContent = cell.textContent.trim();
  command.textContent = `aiida-chargeflow trace ${cell.dataset.uuid}`;
  source.hidden = false;
});
document.getElementById("source-close").addEventListener("click", () => { source.hidden = true; });
document.addEventListener("keydown", event => { if (event.key === "Escape") source.hidden = true; });

function copied(button) {
  button.textContent = "copied";
  setTimeout(() => { button.textContent = "copy"; }, 1500);
}
for (const button of document.querySelectorAll("button.copy")) {
  button.addEventListener("click", () => {
    const element = document.getElementById(button.dataset.copies);
    const range = document.createRange();
    range.selectNodeContents(element);
    getSelection().removeAllRanges(); getSelection().addRange(range); // stays selected where copying is not allowed
    if (navigator.clipboard) navigator.clipboard.writeText(element.textContent).then(() => copied(button), () => {});
    else if (document.execCommand("copy")) copied(button);
  });
}
