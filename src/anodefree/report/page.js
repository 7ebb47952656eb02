// On paper nothing can be unfolded: everything opens before printing and returns to what it was.
addEventListener("beforeprint", () => {
  for (const one of document.querySelectorAll("details:not([open])")) {
    one.open = true;
    one.dataset.folded = "";
  }
});
addEventListener("afterprint", () => {
  for (const one of document.querySelectorAll("details[data-folded]")) {
    one.open = false;
    delete one.dataset.folded;
  }
});

// A scene in space, paths of ions or the surface of a deposit, drawn in the page's own colours: turned by dragging or with the
// arrow keys, brought nearer and farther with + and -, and back with 0.
for (const canvas of document.querySelectorAll("canvas.turnable")) {
  const scene = JSON.parse(canvas.dataset.scene);
  const points = (flat) => Array.from({ length: flat.length / 3 }, (_, i) => flat.slice(3 * i, 3 * i + 3));
  const frame = scene.frame.map(points);
  const lines = scene.lines.map(([colour, flat]) => [colour, points(flat)]);
  const corners = scene.mesh ? points(scene.mesh.points) : [];
  const faces = scene.mesh ? points(scene.mesh.triangles) : [];
  const normals = faces.map(([a, b, c]) => {
    const [u, v] = [b, c].map((k) => corners[k].map((x, i) => x - corners[a][i]));
    const n = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    const size = Math.hypot(...n) || 1;
    return n.map((x) => x / size);
  });
  const start = { turn: 0.5, tilt: scene.mesh ? 0.5 : 0.3, zoom: 1 };
  let { turn, tilt, zoom } = start;
  let [touched, waiting] = [false, false];

  const draw = () => {
    waiting = false;
    const style = getComputedStyle(canvas);
    const size = canvas.clientWidth;
    const pen = canvas.getContext("2d");
    if (!size || !pen) return;
    const dense = devicePixelRatio || 1;
    canvas.width = canvas.height = size * dense;
    pen.scale(dense, dense);
    pen.lineJoin = "round";
    const [ct, st, cl, sl] = [Math.cos(turn), Math.sin(turn), Math.cos(tilt), Math.sin(tilt)];
    const far = 4 * scene.size;
    const scale = (zoom * size * 0.88) / scene.size;
    const at = ([x, y, z]) => {
      const [across, depth] = [x * ct - y * st, x * st + y * ct];
      const near = z * sl - depth * cl;
      const grow = (scale * far) / (far - near);
      return [size / 2 + grow * across, size / 2 - grow * (z * cl + depth * sl), near];
    };
    const stroke = (way, colour, width) => {
      pen.beginPath();
      for (const point of way) pen.lineTo(...at(point).slice(0, 2));
      pen.strokeStyle = colour;
      pen.lineWidth = width;
      pen.stroke();
    };
    for (const line of frame) stroke(line, style.color, 0.8);
    shade(pen, corners.map(at), [ct, st, cl, sl]);
    const colours = scene.names.map((_, i) => style.getPropertyValue(`--colour-${i + 1}`).trim() || scene.colours[i]);
    for (const [colour, way] of lines) stroke(way, colours[colour], 1.1);
    pen.font = `12px ${style.fontFamily}`;
    scene.names.forEach((name, i) => {
      pen.fillStyle = colours[i];
      pen.fillText(name, 6, 16 + 15 * i);
    });
    pen.fillStyle = style.color;
    const said = scene.note.split("\n");
    said.forEach((line, i) => pen.fillText(line, 6, size - 8 - 15 * (said.length - 1 - i)));
    if (!touched) {
      pen.textAlign = "right";
      pen.fillText("drag to turn", size - 6, 16);
      pen.textAlign = "left";
    }
  };

  // Far triangles first; each is as bright as it faces a lamp over the viewer's left shoulder.
  const shade = (pen, seen, [ct, st, cl, sl]) => {
    const lamp = [-0.45, 0.55, 0.7];
    const order = faces.map((face, i) => [seen[face[0]][2] + seen[face[1]][2] + seen[face[2]][2], i]).sort((a, b) => a[0] - b[0]);
    for (const [, i] of order) {
      const [x, y, z] = normals[i];
      const [across, depth] = [x * ct - y * st, x * st + y * ct];
      const lit = Math.abs(across * lamp[0] + (z * cl + depth * sl) * lamp[1] + (z * sl - depth * cl) * lamp[2]);
      const bright = 0.4 + 0.6 * lit;
      pen.fillStyle = pen.strokeStyle = `rgb(${[158, 167, 178].map((part) => Math.round(part * bright + 26 * lit ** 8))})`;
      pen.lineWidth = 0.6;
      pen.beginPath();
      for (const k of faces[i]) pen.lineTo(seen[k][0], seen[k][1]);
      pen.closePath();
      pen.fill();
      pen.stroke();
    }
  };

  const soon = () => {
    if (!waiting) requestAnimationFrame(draw);
    waiting = true;
  };
  const by = (across, along, nearer = 1) => {
    touched = true;
    turn += across;
    tilt = Math.max(-1.57, Math.min(1.57, tilt + along));
    zoom = Math.max(0.5, Math.min(8, zoom * nearer));
    soon();
  };
  let held = null;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    held = [event.clientX, event.clientY];
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!held || !event.buttons) return;
    by((held[0] - event.clientX) / 150, (event.clientY - held[1]) / 150);
    held = [event.clientX, event.clientY];
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (held = null));
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const move = {
      ArrowLeft: [0.1, 0], ArrowRight: [-0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1],
      "+": [0, 0, 1.15], "=": [0, 0, 1.15], "-": [0, 0, 1 / 1.15],
    }[event.key];
    if (event.key === "0") ({ turn, tilt, zoom } = start);
    if (!move && event.key !== "0") return;
    event.preventDefault();
    by(...(move || [0, 0]));
  });
  canvas.hidden = false;
  new ResizeObserver(soon).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", soon);
  for (const choice of document.querySelectorAll('input[name="theme"]')) choice.addEventListener("change", soon);
}
