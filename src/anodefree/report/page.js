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

// Paths of ions in three dimensions: drawn in the page's own colours, turned by dragging or with the arrow keys.
for (const canvas of document.querySelectorAll("canvas.paths")) {
  const cell = JSON.parse(canvas.dataset.paths);
  const circle = (r, z) => Array.from({ length: 49 }, (_, i) => [r * Math.cos((i * Math.PI) / 24), r * Math.sin((i * Math.PI) / 24), z]);
  const boss = (turn) =>
    Array.from({ length: 25 }, (_, i) => {
      const s = (i * Math.PI) / 24;
      return [cell.boss_base * Math.cos(s) * Math.cos(turn), cell.boss_base * Math.cos(s) * Math.sin(turn), cell.boss_height * Math.sin(s)];
    });
  const frame = [circle(cell.radius, 0), circle(cell.radius, 1000), circle(cell.boss_base, 0), boss(0), boss(Math.PI / 2)];
  const lines = cell.lines.map(([species, flat]) => [species, Array.from({ length: flat.length / 3 }, (_, i) => flat.slice(3 * i, 3 * i + 3))]);
  let [turn, tilt] = [0.5, 0.3];
  const draw = () => {
    const style = getComputedStyle(canvas);
    const colours = cell.names.map((_, i) => style.getPropertyValue(`--colour-${i + 1}`).trim() || cell.colours[i]);
    const size = canvas.clientWidth;
    const pen = canvas.getContext("2d");
    if (!size || !pen) return;
    const dense = devicePixelRatio || 1;
    canvas.width = canvas.height = size * dense;
    pen.scale(dense, dense);
    const scale = size / (1.15 * Math.hypot(1000, 2 * cell.radius));
    const at = ([x, y, z]) => {
      const across = x * Math.cos(turn) - y * Math.sin(turn);
      const depth = x * Math.sin(turn) + y * Math.cos(turn);
      return [size / 2 + scale * across, size / 2 - scale * ((z - 500) * Math.cos(tilt) + depth * Math.sin(tilt))];
    };
    const stroke = (points, colour, width) => {
      pen.beginPath();
      for (const point of points) pen.lineTo(...at(point));
      pen.strokeStyle = colour;
      pen.lineWidth = width;
      pen.stroke();
    };
    for (const ring of frame) stroke(ring, style.color, 0.8);
    for (const [species, points] of lines) stroke(points, colours[species], 1.1);
    pen.font = `12px ${style.fontFamily}`;
    cell.names.forEach((name, i) => {
      pen.fillStyle = colours[i];
      pen.fillText(name, 6, 16 + 15 * i);
    });
  };
  const by = (across, along) => {
    turn += across;
    tilt = Math.max(-1.57, Math.min(1.57, tilt + along));
    draw();
  };
  canvas.addEventListener("pointerdown", (event) => canvas.setPointerCapture(event.pointerId));
  canvas.addEventListener("pointermove", (event) => event.buttons && by(-event.movementX / 150, event.movementY / 150));
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [0.1, 0], ArrowRight: [-0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] }[event.key];
    if (step) {
      event.preventDefault();
      by(...step);
    }
  });
  canvas.hidden = false;
  new ResizeObserver(draw).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}
