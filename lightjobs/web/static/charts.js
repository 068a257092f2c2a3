/* Draws the charts by uPlot, from the numbers in the attribute data-chart. Without it there are the
   tables below. */
(() => {
  "use strict";

  const HEIGHT = 200;
  const PATTERNS = {
    solid: { dash: [], marker: "solid" },
    dashed: { dash: [9, 5], marker: "dashed" },
    dotted: { dash: [2, 4], marker: "dotted" },
    double: { dash: [12, 4, 2, 4], marker: "double" },
  };
  const LOOKS = { retried: "dashed", p95: "dashed", released: "dotted", p99: "dotted", failed: "double" };
  const UNFINISHED = [1, 5];

  const drawn = new Map(); // a place and what is drawn there

  // Values as text.

  const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"], [0.001, "ms"]];

  const short = (value) => Number(value.toPrecision(3)).toLocaleString("en");

  const seconds = (value) => {
    if (value === 0) return "0 s";
    const [unit, name] = UNITS.find(([unit]) => value >= unit) ?? UNITS.at(-1);
    return short(value / unit) + " " + name;
  };

  const written = (unit, value) => {
    if (value === null || value === undefined) return "–";
    if (unit === "seconds") return seconds(value);
    return unit === "share" ? short(value * 100) + " %" : short(value);
  };

  // Colours are those of the style sheet, which differ by scheme: a canvas knows no variables.

  const colour = (place, name) => {
    const probe = place.appendChild(document.createElement("span"));
    probe.className = "line-" + name;
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  };

  // The numbers: one for each bucket, also for those of which nothing is known.

  const columns = (chart) => {
    const times = Array.from({ length: chart.count }, (_, place) => chart.from + place * chart.step);
    const series = chart.series.map(({ values }) => {
      const column = new Array(chart.count).fill(chart.gap);
      column[chart.count - 1] = null;
      chart.at.forEach((place, index) => (column[place] = values[index]));
      return column;
    });
    return [times, ...series];
  };

  // Lines: what leads to the bucket that has not ended is drawn apart.

  const line = uPlot.paths.linear();
  const finished = (u, number, first, last) => line(u, number, first, Math.min(last, u.data[0].length - 2));

  const alone = (u, number) => {
    const values = u.data[number];
    const found = [];
    values.forEach((value, at) => {
      if (value !== null && (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null) found.push(at);
    });
    return found;
  };

  const drawUnfinished = (u, number) => {
    const last = u.data[0].length - 1;
    const [from, to] = [u.data[number][last - 1], u.data[number][last]];
    if (from === null || to === null) return;
    const x = (at) => u.valToPos(u.data[0][at], "x", true);
    const y = (value) => u.valToPos(value, "y", true);
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.beginPath();
    ctx.strokeStyle = u.series[number].stroke(u, number);
    ctx.lineWidth = 2 * devicePixelRatio;
    ctx.setLineDash(UNFINISHED.map((length) => length * devicePixelRatio));
    ctx.moveTo(x(last - 1), y(from));
    ctx.lineTo(x(last), y(to));
    ctx.stroke();
    ctx.restore();
  };

  // Where most workers came to run another version.

  const MARKED = [3, 3];

  const drawMarks = (marks, color) => (u) => {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.strokeStyle = ctx.fillStyle = color;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash(MARKED.map((length) => length * devicePixelRatio));
    ctx.font = u.axes[0].font[0];
    ctx.textBaseline = "top";
    for (const { at, version } of marks()) {
      const x = u.valToPos(at, "x", true);
      const isRight = x > bbox.left + bbox.width / 2;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      ctx.textAlign = isRight ? "right" : "left";
      ctx.fillText(version.slice(0, 20), x + (isRight ? -4 : 4) * devicePixelRatio, bbox.top + 2 * devicePixelRatio);
    }
    ctx.restore();
  };

  const range = (chart) => (u, least, most) => {
    if (!chart.log) return [0, most > 0 ? most * 1.08 : 1];
    if (least === null || !(least > 0)) return [0.001, 1];
    const low = Math.floor(Math.log10(least));
    return [10 ** low, 10 ** Math.max(low + 1, Math.ceil(Math.log10(most)))];
  };

  const decades = (u) => {
    const { min, max } = u.scales.y;
    const [low, high] = [Math.round(Math.log10(min)), Math.round(Math.log10(max))];
    return Array.from({ length: high - low + 1 }, (_, at) => 10 ** (low + at));
  };

  // Steps of an axis in seconds: of full seconds, minutes, hours and days.

  const STEPS = [
    ...[-6, -5, -4, -3, -2, -1].flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power)),
    ...[1, 2, 5, 10, 15, 30],
    ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60),
    ...[1, 2, 3, 6, 12].map((hours) => hours * 3600),
    ...[1, 2, 5, 10, 20, 50, 100, 1000, 10000].map((days) => days * 86400),
  ];

  // The room for an axis, with its longest label.

  const LEAST_ROOM = 64;

  const room = (u, values, number, turn) => {
    const { font, gap, ticks, _size } = u.axes[number];
    if (turn > 1) return _size; // uPlot asks again until the sizes of both axes stay
    if (!values) return LEAST_ROOM;
    u.ctx.save();
    u.ctx.font = font[0];
    const longest = Math.max(0, ...values.map((text) => u.ctx.measureText(text ?? "").width));
    u.ctx.restore();
    return Math.max(LEAST_ROOM, Math.ceil(longest / devicePixelRatio + ticks.size + gap + 2));
  };

  const options = (place, chart) => {
    const [axis, grid] = [colour(place, "axis"), colour(place, "grid")];
    const pattern = (name) => PATTERNS[LOOKS[name] ?? "solid"];
    const common = { stroke: axis, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 } };
    return {
      width: place.clientWidth,
      height: HEIGHT,
      tzDate: (moment) => uPlot.tzDate(new Date(moment * 1000), "Etc/UTC"),
      cursor: { sync: { key: "lightjobs", setSeries: false }, drag: { x: true, y: false } },
      legend: { markers: { dash: (u, number) => pattern(chart.series[number - 1]?.name).marker, width: 3 } },
      scales: { y: { distr: chart.log ? 3 : 1, range: range(chart) } },
      axes: [
        { ...common, values: [[86400, "{MM}-{DD}"], [60, "{HH}:{mm}", null, null, "\n{MM}-{DD}", null, null, null, 1]] },
        {
          ...common,
          ...(chart.log ? { splits: decades, filter: (u, values) => values } : {}),
          ...(!chart.log && chart.unit === "seconds" ? { incrs: STEPS } : {}),
          size: room,
          values: (u, values) => values.map((value) => (chart.log && value >= 1 ? short(value) + " s" : written(chart.unit, value))),
        },
      ],
      series: [
        { label: "UTC", value: "{YYYY}-{MM}-{DD} {HH}:{mm}" },
        ...chart.series.map(({ name }) => ({
          label: name,
          stroke: colour(place, name),
          dash: pattern(name).dash,
          width: 2,
          paths: finished,
          points: { show: () => false, filter: alone, size: 5 },
          value: (u, value) => written(chart.unit, value),
        })),
      ],
      hooks: { drawSeries: [drawUnfinished], draw: [drawMarks(() => drawn.get(place)?.marks ?? chart.marks, axis)] },
    };
  };

  // Drawing, and drawing again: what somebody looks at more closely stays.

  const draw = (place) => {
    const text = place.dataset.chart;
    const known = drawn.get(place);
    if (known?.text === text || place.clientWidth === 0) return;
    const chart = JSON.parse(text);
    const data = columns(chart);
    const look = [chart.name, chart.step, ...chart.series.map(({ name }) => name)].join();
    if (known?.look === look) {
      const { plot } = known;
      known.marks = chart.marks;
      const { min, max } = plot.scales.x;
      const isZoomed = min > plot.data[0][0] || max < plot.data[0].at(-1);
      plot.setData(data, !isZoomed);
      if (isZoomed) plot.setScale("x", { min, max });
      known.text = text;
    } else {
      known?.plot.destroy();
      drawn.set(place, { text, look, marks: chart.marks, plot: new uPlot(options(place, chart), data, place) });
      widths.observe(place);
    }
  };

  const forget = (place) => {
    drawn.get(place).plot.destroy();
    drawn.delete(place);
    widths.unobserve(place);
  };

  const drawAll = () => {
    for (const place of [...drawn.keys()]) if (!place.isConnected) forget(place);
    for (const place of document.querySelectorAll(".plot[data-chart]")) draw(place);
  };

  const widths = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const plot = drawn.get(target)?.plot;
      const width = target.clientWidth;
      if (plot && width && plot.width !== width) plot.setSize({ width, height: HEIGHT });
    }
  });

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const place of [...drawn.keys()]) forget(place);
    drawAll();
  });

  // Not before lightjobs.js has shown what needs a script.
  document.addEventListener("DOMContentLoaded", drawAll);
  document.addEventListener("htmx:after:swap", drawAll);
})();
