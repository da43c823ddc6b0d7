// ONNX Runtime's side of a paired timing (bench/pair.py): node peer_ort.mjs FILE BATCH THREADS [SHAPE OF A SAMPLE, 3x32x32],
// or `empty` for the price of an awaited call alone.
import { createRequire } from 'node:module';
import readline from 'node:readline';

const [file, batchText, threadsText, shapeText = '784'] = process.argv.slice(2);
const batch = Number(batchText), threads = Number(threadsText);
const require = createRequire(process.env.AJ_BENCH_NODE + '/package.json');
const ort = require('onnxruntime-node');

let call;
if (file === 'empty') {
  call = async () => {};
} else {
  const session = await ort.InferenceSession.create(file, {
    intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: 'sequential', graphOptimizationLevel: 'all',
    enableCpuMemArena: true, enableMemPattern: true,
  });
  const name = session.inputNames[0];
  const shape = shapeText.split('x').map(Number);
  const data = new Float32Array(shape.reduce((a, b) => a * b, batch)).map(() => Math.random());
  const feeds = { [name]: new ort.Tensor('float32', data, [batch, ...shape]) };
  call = async () => { await session.run(feeds); };
}
for (let i = 0; i < 5; i++) await call();
console.log('ready');
for await (const line of readline.createInterface({ input: process.stdin })) {
  const n = Number(line);
  const started = process.hrtime.bigint();
  for (let i = 0; i < n; i++) await call();
  console.log(Number(process.hrtime.bigint() - started) / 1e9);
}
