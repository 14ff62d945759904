// Heads of columns are spans: browsers do not repeat a head with an element `button` on every printed page.
for (const head of document.querySelectorAll("th")) {
  const button = head.querySelector("span");
  button.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      button.click();
    }
  });
  button.addEventListener("click", () => {
    const table = head.closest("table"), body = table.tBodies[0];
    const column = head.cellIndex, down = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const value = (row) => {
      const cell = row.cells[column], key = Number(cell.dataset.key ?? NaN);
      return Number.isNaN(key) ? cell.textContent : key;
    };
    const compare = (a, b) => typeof a === "number" && typeof b === "number"
      ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true });
    const empty = (v) => v === "" || v === "–";
    const rows = [...body.rows].map((row) => [value(row), row]);
    rows.sort(([a], [b]) => empty(a) - empty(b) || (down ? -1 : 1) * compare(a, b));
    body.append(...rows.map(([, row]) => row));
  });
}
