"use strict";
// Shows and hides sections, rows, points and cards by the filters. No numbers are computed here.
(() => {
  const form = document.getElementById("filters");
  const methods = JSON.parse(document.getElementById("methods-data").textContent);
  const names = Object.keys(methods);
  const sections = [...document.querySelectorAll("section[data-task]")];
  const rows = sections.flatMap((section) => [...section.querySelectorAll("tbody tr")]);
  const marks = [...document.querySelectorAll("[data-method]")];

  function bound(name) {
    const text = form.elements[name].value.trim();
    return text === "" ? null : Number(text);
  }
  // What a method does not state cannot be within a bound.
  function within(value, low, high) {
    if (low === null && high === null) return true;
    return value !== null && (low === null || value >= low) && (high === null || value <= high);
  }
  function isShown(name) {
    const facts = methods[name];
    const most = bound("parameters");
    return name.toLowerCase().includes(form.elements.name.value.trim().toLowerCase())
      && within(facts.year, bound("from"), bound("to"))
      && within(facts.parameters, null, most === null ? null : most * 1e6)
      && within(facts.ms, null, bound("ms"));
  }
  function apply() {
    const shown = new Set(names.filter(isShown));
    const places = new Set([...shown].map((name) => String(methods[name].place)));
    for (const row of rows) row.classList.toggle("out", !shown.has(row.cells[0].textContent.trim()));
    for (const mark of marks) mark.classList.toggle("out", !places.has(mark.dataset.method));
    let tables = 0;
    for (const section of sections) {
      const fits = ["task", "dataset", "protocol"].every((key) => {
        const wanted = form.elements[key].value;
        return wanted === "" || wanted === section.dataset[key];
      });
      section.classList.toggle("out", !fits);
      tables += fits;
    }
    form.elements.shown.textContent = `${shown.size} of ${names.length} methods, ${tables} of ${sections.length} sections`;
  }
  form.addEventListener("input", apply);
  form.addEventListener("reset", () => setTimeout(apply));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  apply();
})();
