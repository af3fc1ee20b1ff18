"use strict";
// Sorting, the theme switch, and opening the record that a number leads to. No numbers are computed here.
(() => {
  const root = document.documentElement;
  const themes = ["auto", "light", "dark"];
  const themeButton = document.getElementById("theme");

  function remember(theme) {
    try { localStorage.setItem("report-theme", theme); } catch { /* a file:// page may have no storage */ }
  }
  function recall() {
    try { return localStorage.getItem("report-theme"); } catch { return null; }
  }
  function setTheme(theme) {
    if (theme === "auto") delete root.dataset.theme; else root.dataset.theme = theme;
    themeButton.textContent = `Theme: ${theme}`;
    themeButton.setAttribute("aria-label", `Colour theme: ${theme === "auto" ? "automatic" : theme}`);
  }
  let theme = themes.includes(recall()) ? recall() : "auto";
  setTheme(theme);
  themeButton.addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    setTheme(theme);
    remember(theme);
  });

  function sortKey(row, column, kind) {
    const cell = row.cells[column];
    if (kind === "text") return cell.textContent.trim().toLowerCase();
    return cell.dataset.sort === "" ? NaN : Number(cell.dataset.sort);
  }
  // What has no value stays at the end, whichever way the column is sorted.
  function compare(a, b, direction) {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
    return (a < b ? -1 : a > b ? 1 : 0) * direction;
  }
  for (const table of document.querySelectorAll("table.sortable")) {
    const body = table.tBodies[0];
    table.tHead.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      const head = button.closest("th");
      const now = head.getAttribute("aria-sort");
      const next = now === null ? button.dataset.first : now === "ascending" ? "descending" : "ascending";
      for (const other of table.tHead.querySelectorAll("th[aria-sort]")) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", next);
      const direction = next === "ascending" ? 1 : -1;
      const rows = [...body.rows].map((row) => [sortKey(row, head.cellIndex, button.dataset.kind), row]);
      rows.sort(([a], [b]) => compare(a, b, direction));
      body.append(...rows.map(([, row]) => row));
    });
  }

  function openTarget() {
    const target = location.hash.startsWith("#record-") && document.getElementById(location.hash.slice(1));
    if (target) {
      target.open = true;
      target.scrollIntoView();
    }
  }
  addEventListener("hashchange", openTarget);
  openTarget();
})();
