// BullMQ by ioredis.
//
//   node jobs.js work PROCESSES CONCURRENCY               works until killed
//   node jobs.js one|many|stamps|gather JOBS [JOB VALUE]  as produce.py
//
// Jobs are removed when they are done, as lightjobs removes them. Counts are written at most once
// in each turn of the event loop.
"use strict";

const { fork } = require("node:child_process");
const fs = require("node:fs");
const { setTimeout: sleep } = require("node:timers/promises");
const { Queue, Worker } = require("../../../.bench-node/node_modules/bullmq");

const folder = process.env.BENCH_FOLDER;
const address = new URL(process.env.BENCH_REDIS);
const connection = { host: address.hostname, port: Number(address.port) };
const worker = process.env.BENCH_WORKER || "1";

// Python's time.monotonic_ns() and this read the same clock.
const now = () => process.hrtime.bigint();

function counter() {
  const slots = fs.openSync(`${folder}/slots`, "a");
  fs.writeSync(slots, worker);
  // Several processes may append at once: each has the slot that it was given, if it was.
  const own = process.env.BENCH_SLOT;
  const slot = own === undefined ? fs.fstatSync(slots).size - 1 : Number(own);
  const counts = fs.openSync(`${folder}/counts`, "r+");
  const word = Buffer.alloc(8);
  let total = 0n;
  let pending = false;
  const write = () => {
    pending = false;
    word.writeBigUInt64LE(total);
    fs.writeSync(counts, word, 0, 8, slot * 8);
  };
  return () => {
    total += 1n;
    if (!pending) {
      pending = true;
      setImmediate(write);
    }
  };
}

function handlers(tick) {
  return {
    noop: async () => tick(),
    stamp: async ({ n }) => {
      fs.appendFileSync(`${folder}/stamps`, `${n} ${now()} ${worker}\n`);
    },
    pause: async ({ n }) => {
      await sleep(n / 1000);
      tick();
    },
    burn: async ({ n }) => {
      // The processor time of the process: it has one thread at work.
      const start = process.cpuUsage();
      let used;
      do used = process.cpuUsage(start);
      while (used.user + used.system < n);
      tick();
    },
  };
}

function work(processes, concurrency) {
  if (processes > 1) {
    for (let slot = 0; slot < processes; slot++) {
      fork(__filename, ["work", "1", String(concurrency)], {
        env: { ...process.env, BENCH_SLOT: String(slot) },
      });
    }
    return;
  }
  const jobs = handlers(counter());
  new Worker("bench", (job) => jobs[job.name](job.data), {
    connection,
    concurrency,
    removeOnComplete: { count: 0 },
  });
}

async function dispatch(queue, how, jobs, job, value) {
  if (how === "stamps") {
    for (let sent = 0; sent < jobs; sent++) {
      await sleep(5 + 30 * Math.random());
      await queue.add("stamp", { n: String(now()) });
    }
  } else if (how === "many") {
    const part = 10000;
    for (let sent = 0; sent < jobs; sent += part) {
      const batch = new Array(Math.min(part, jobs - sent)).fill({ name: job, data: { n: value } });
      await queue.addBulk(batch);
    }
  } else {
    for (let sent = 0; sent < jobs; sent++) await queue.add(job, { n: value });
  }
}

async function ticked(work) {
  let gap = 0;
  let last = now();
  const ticker = setInterval(() => {
    gap = Math.max(gap, Number(now() - last) / 1e9 - 0.01);
    last = now();
  }, 10);
  const started = now();
  await work();
  gap = Math.max(gap, Number(now() - last) / 1e9 - 0.01);
  clearInterval(ticker);
  return [Number(now() - started) / 1e9, gap];
}

async function gather(queue, jobs, job, value) {
  const add = () => queue.add(job, { n: value });
  const [, first] = await ticked(add);
  const [seconds, gap] = await ticked(() => Promise.all(Array.from({ length: jobs }, add)));
  console.log(seconds, gap, first);
  await queue.close();
}

async function produce(how, jobs, job, value) {
  const queue = new Queue("bench", { connection });
  if (how === "gather") return gather(queue, jobs, job, value);
  await queue.add(job, { n: value });
  const started = now();
  await dispatch(queue, how, jobs - 1, job, value);
  console.log(Number(now() - started) / 1e9);
  await queue.close();
}

const [how, ...rest] = process.argv.slice(2);
if (how === "work") work(Number(rest[0]), Number(rest[1]));
else produce(how, Number(rest[0]), rest[1] || "noop", Number(rest[2] || 1));
