"use strict";
// The gallery: two images under a movable line, one zoom for all of them, boxes and masks on demand.
(() => {
  const data = JSON.parse(document.getElementById("gallery-data").textContent);
  const find = (id) => document.getElementById(`g-${id}`);
  const SVG = "http://www.w3.org/2000/svg";
  const LARGEST_ZOOM = 12;
  const SOURCES = { ":visible": "Visible", ":infrared": "Infrared" };
  const state = { set: 0, place: 0, line: 50, zoom: 1, x: 0, y: 0, left: ":visible", right: "", order: "" };
  const stage = find("stage");
  let sequence = [];

  // A source that is also a fuser under test is shown once, with its predictions.
  const layersOf = (chosen) => [
    ...Object.keys(SOURCES).filter((source) => !chosen.methods.includes(source.slice(1))), ...chosen.methods,
  ];
  const set = () => data.sets[state.set];
  const pair = () => set().pairs[sequence[state.place]];

  function fill(select, options, chosen) {
    select.replaceChildren(...options.map(([value, text]) => new Option(text, value, false, value === chosen)));
  }
  function pictureOf(layer, shown) {
    if (layer === ":visible") return shown.visible;
    if (layer === ":infrared") return shown.infrared;
    return shown.fused[layer];
  }
  const nameOf = (layer) => SOURCES[layer] ?? layer;

  function image(place, alt) {
    const element = new Image();
    element.src = data.pictures[place];
    element.alt = alt;
    element.draggable = false;
    return element;
  }
  function drawBoxes(boxes, kind, height, svg) {
    for (const [x1, y1, x2, y2, label, score] of boxes) {
      const box = document.createElementNS(SVG, "rect");
      box.setAttribute("x", x1); box.setAttribute("y", y1);
      box.setAttribute("width", x2 - x1); box.setAttribute("height", y2 - y1);
      box.setAttribute("class", `box ${kind}`);
      const title = document.createElementNS(SVG, "title");
      title.textContent = score === undefined ? `${label} (true)` : `${label} ${score.toFixed(2)}`;
      box.append(title);
      svg.append(box);
      if (kind === "predicted") {
        const text = document.createElementNS(SVG, "text");
        text.setAttribute("x", x1); text.setAttribute("y", Math.max(y1 - height * 0.008, height * 0.03));
        text.setAttribute("class", "box-label");
        text.setAttribute("font-size", height * 0.028);
        text.setAttribute("stroke-width", height * 0.006);
        text.textContent = `${label} ${score === undefined ? "" : score.toFixed(2)}`;
        svg.append(text);
      }
    }
  }
  function layerElement(layer, shown) {
    const element = document.createElement("div");
    element.className = "layer";
    const picture = pictureOf(layer, shown);
    if (picture === undefined) return element;
    element.append(image(picture, `${nameOf(layer)}, pair ${shown.id}`));
    const masks = [];
    if (find("mask-truth").checked && shown.maskTruth !== null) masks.push([shown.maskTruth, "true mask"]);
    if (find("mask").checked && shown.maskPredicted[layer] !== undefined) masks.push([shown.maskPredicted[layer], "predicted mask"]);
    for (const [mask, alt] of masks) element.append(image(mask, alt));
    const [height, width] = shown.size;
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    if (find("truth").checked) drawBoxes(shown.truth, "truth", height, svg);
    if (find("boxes").checked) drawBoxes(shown.predicted[layer] ?? [], "predicted", height, svg);
    element.append(svg);
    return element;
  }
  function place() {
    const transform = `translate(${-state.x * state.zoom * 100}%, ${-state.y * state.zoom * 100}%) scale(${state.zoom})`;
    for (const layer of document.querySelectorAll("#gallery .layer")) layer.style.transform = transform;
    document.getElementById("gallery").classList.toggle("zoomed", state.zoom > 2);
    find("over").style.clipPath = `inset(0 ${100 - state.line}% 0 0)`;
    find("handle").style.left = `${state.line}%`;
    find("handle").setAttribute("aria-valuenow", Math.round(state.line));
    find("handle").setAttribute("aria-valuetext", `${Math.round(state.line)} percent ${nameOf(state.left)}`);
  }
  function clamp(value, low, high) { return Math.min(high, Math.max(low, value)); }
  function view(zoom, x, y) {
    state.zoom = clamp(zoom, 1, LARGEST_ZOOM);
    state.x = clamp(x, 0, 1 - 1 / state.zoom);
    state.y = clamp(y, 0, 1 - 1 / state.zoom);
    place();
  }
  // Keep the point of the image under (u, v), both from 0 to 1 across the frame, where it is.
  function zoomAt(factor, u = 0.5, v = 0.5) {
    const zoom = clamp(state.zoom * factor, 1, LARGEST_ZOOM);
    view(zoom, state.x + u / state.zoom - u / zoom, state.y + v / state.zoom - v / zoom);
  }
  function scoreOf(method) {
    const order = set().orders[Number(state.order.split("|")[0])];
    return order?.methods[method]?.texts[sequence[state.place]] ?? "";
  }
  function show() {
    const shown = pair();
    const [height, width] = shown.size;
    stage.style.aspectRatio = `${width} / ${height}`;
    find("under").replaceChildren(layerElement(state.right, shown));
    find("over").replaceChildren(layerElement(state.left, shown));
    find("tag-left").textContent = nameOf(state.left);
    find("tag-right").textContent = nameOf(state.right);
    find("title").textContent = `Pair ${shown.id} (${state.place + 1} of ${sequence.length})`;
    find("all").replaceChildren(...layersOf(set()).map((layer) => {
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("aria-pressed", layer === state.right);
      button.setAttribute("aria-label", `Show ${nameOf(layer)} on the right`);
      const frame = document.createElement("div");
      frame.className = "frame";
      frame.style.aspectRatio = `${width} / ${height}`;
      frame.append(layerElement(layer, shown));
      const name = document.createElement("span");
      name.className = "name";
      const [label, score] = [document.createElement("span"), document.createElement("span")];
      label.textContent = pictureOf(layer, shown) === undefined ? `${nameOf(layer)}: missing` : nameOf(layer);
      score.textContent = scoreOf(layer);
      name.append(label, score);
      button.append(frame, name);
      button.addEventListener("click", () => {
        state.right = layer;
        find("right").value = layer;
        reorder();
      });
      return button;
    }));
    place();
  }
  // "2|worst": the third score, worst first, by what the method on the right made of each pair.
  function reorder() {
    const kept = sequence[state.place];
    sequence = set().pairs.map((_, i) => i);
    const [index, end] = state.order.split("|");
    const ranked = set().orders[Number(index)]?.methods[state.right]?.order;
    if (end !== "none" && ranked) {
      sequence = end === "worst" ? [...ranked] : [...ranked].reverse();
      }
    state.place = Math.max(0, sequence.indexOf(kept));
    show();
  }
  function chooseSet() {
    const chosen = set();
    const layers = layersOf(chosen).map((layer) => [layer, nameOf(layer)]);
    state.left = chosen.methods.includes("visible") ? "visible" : ":visible";
    state.right = chosen.start || layers.at(-1)[0];
    state.order = chosen.orders.length ? "0|none" : "";
    state.place = 0;
    sequence = [];
    fill(find("left"), layers, state.left);
    fill(find("right"), layers, state.right);
    const orders = chosen.orders.flatMap((order, i) => [
      [`${i}|none`, `as recorded, ${order.label} shown`],
      [`${i}|worst`, `worst ${order.label} first`],
      [`${i}|best`, `best ${order.label} first`],
    ]);
    fill(find("order"), orders.length ? orders : [["", "as recorded"]], state.order);
    const has = (test) => chosen.pairs.some(test);
    const available = {
      truth: has((p) => p.truth.length), boxes: has((p) => Object.keys(p.predicted).length),
      "mask-truth": has((p) => p.maskTruth !== null), mask: has((p) => Object.keys(p.maskPredicted).length),
    };
    for (const [id, there] of Object.entries(available)) {
      find(id).disabled = !there;
      find(id).checked = there && id === "boxes";
    }
    reorder();
    view(1, 0, 0);
  }
  function step(by) {
    state.place = (state.place + by + sequence.length) % sequence.length;
    show();
  }

  fill(find("set"), data.sets.map((s, i) => [String(i), s.name]), "0");
  find("set").addEventListener("change", (e) => { state.set = Number(e.target.value); chooseSet(); });
  find("left").addEventListener("change", (e) => { state.left = e.target.value; show(); });
  find("right").addEventListener("change", (e) => { state.right = e.target.value; reorder(); });
  find("order").addEventListener("change", (e) => {
    state.order = e.target.value;
    reorder();
    if (!state.order.endsWith("none")) { state.place = 0; show(); }
  });
  for (const id of ["truth", "boxes", "mask-truth", "mask"]) find(id).addEventListener("change", show);
  find("previous").addEventListener("click", () => step(-1));
  find("next").addEventListener("click", () => step(1));
  find("in").addEventListener("click", () => zoomAt(1.5));
  find("out").addEventListener("click", () => zoomAt(1 / 1.5));
  find("whole").addEventListener("click", () => view(1, 0, 0));

  const handle = find("handle");
  handle.addEventListener("pointerdown", (event) => {
    event.stopPropagation();
    handle.setPointerCapture(event.pointerId);
  });
  handle.addEventListener("pointermove", (event) => {
    if (!handle.hasPointerCapture(event.pointerId)) return;
    const frame = stage.getBoundingClientRect();
    state.line = clamp(((event.clientX - frame.left) / frame.width) * 100, 0, 100);
    place();
  });
  handle.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: -2, ArrowDown: -2, ArrowRight: 2, ArrowUp: 2, PageDown: -10, PageUp: 10, Home: -100, End: 100 };
    if (!(event.key in moves)) return;
    event.preventDefault();
    event.stopPropagation();
    state.line = clamp(state.line + moves[event.key], 0, 100);
    place();
  });

  // Dragging moves the view, two fingers zoom.
  const touches = new Map();
  let spread = 0;
  stage.addEventListener("pointerdown", (event) => {
    if (event.target === handle) return;
    touches.set(event.pointerId, event);
    if (state.zoom > 1 || touches.size > 1) stage.setPointerCapture(event.pointerId);
    spread = 0;
  });
  stage.addEventListener("pointermove", (event) => {
    const before = touches.get(event.pointerId);
    if (!before) return;
    const frame = stage.getBoundingClientRect();
    touches.set(event.pointerId, event);
    if (touches.size === 2) {
      const [a, b] = [...touches.values()];
      const now = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
      if (spread) {
        zoomAt(now / spread, ((a.clientX + b.clientX) / 2 - frame.left) / frame.width, ((a.clientY + b.clientY) / 2 - frame.top) / frame.height);
      }
      spread = now;
    } else if (state.zoom > 1) {
      view(state.zoom, state.x - (event.clientX - before.clientX) / frame.width / state.zoom, state.y - (event.clientY - before.clientY) / frame.height / state.zoom);
    }
  });
  for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, (event) => touches.delete(event.pointerId));
  // The wheel zooms only once the stage has the focus, so that it never traps a reader who scrolls past.
  stage.addEventListener("wheel", (event) => {
    if (!stage.contains(document.activeElement) && !event.ctrlKey) return;
    event.preventDefault();
    const frame = stage.getBoundingClientRect();
    zoomAt(Math.exp(-event.deltaY * 0.002), (event.clientX - frame.left) / frame.width, (event.clientY - frame.top) / frame.height);
  }, { passive: false });
  stage.addEventListener("keydown", (event) => {
    const by = 0.1 / state.zoom;
    const moves = { ArrowLeft: [-by, 0], ArrowRight: [by, 0], ArrowUp: [0, -by], ArrowDown: [0, by] };
    if (event.key === "+" || event.key === "=") zoomAt(1.5);
    else if (event.key === "-") zoomAt(1 / 1.5);
    else if (event.key in moves && state.zoom > 1) view(state.zoom, state.x + moves[event.key][0], state.y + moves[event.key][1]);
    else return;
    event.preventDefault();
  });

  // After the load event: the words and tables of the page do not wait for pictures.
  if (document.readyState === "complete") chooseSet();
  else addEventListener("load", () => setTimeout(chooseSet));
})();
