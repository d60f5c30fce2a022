/**
 * Everything that can be measured. To add a subject, write a small file in subjects/ that starts the
 * server and calls `serveSubject(port)`, and add an entry here.
 *
 * - `file`: the file in subjects/ that is started as a child process.
 * - `settings`: what that file gets, as JSON in its first argument; a row may add to it.
 * - `keepsStreams`: false for a server that only pretends, so rows about stored data leave it out.
 * - `connectionsFactor`: how many times as many connections it gets as others, where a row is told their number.
 * - `warmUpSeconds`: how long it is warmed up, if it needs more than others.
 * - `baselines`: the subjects that the two ratio columns divide by. A durable subject names durable
 *   baselines here, so that like is compared with like.
 */
export const subjects = [
  {
    name: 'bare',
    title: 'bare node:http',
    file: 'bare.mjs',
    settings: {},
    keepsStreams: false,
    baselines: { bare: 'bare', reference: 'reference' },
  },
  {
    name: 'reference',
    title: 'reference, memory',
    file: 'reference.mjs',
    settings: { store: 'memory' },
    keepsStreams: true,
    baselines: { bare: 'bare', reference: 'reference' },
  },
  {
    name: 'node',
    title: 'ours node:http, memory',
    file: 'ours-node.mjs',
    settings: { store: 'memory' },
    keepsStreams: true,
    baselines: { bare: 'bare', reference: 'reference' },
  },
  {
    name: 'hono',
    title: 'ours Hono, memory',
    file: 'ours-hono.mjs',
    settings: { store: 'memory' },
    keepsStreams: true,
    baselines: { bare: 'bare', reference: 'reference' },
  },
  {
    name: 'reference-file',
    title: 'reference, file',
    file: 'reference.mjs',
    settings: { store: 'file' },
    keepsStreams: true,
    baselines: { bare: 'bare', reference: 'reference-file' },
  },
  {
    name: 'file',
    title: 'ours node:http, file',
    file: 'ours-node.mjs',
    settings: { store: 'file' },
    keepsStreams: true,
    baselines: { bare: 'bare', reference: 'reference-file' },
  },
  {
    name: 'redis',
    title: 'ours node:http, Redis (appendfsync everysec)',
    file: 'ours-node.mjs',
    settings: { store: 'redis' },
    keepsStreams: true,
    baselines: { bare: 'bare', reference: 'reference' },
  },
  {
    name: 'redis-3',
    title: 'ours node:http, three processes, one Redis',
    file: 'redis-nodes.mjs',
    settings: { nodes: 3 },
    keepsStreams: true,
    // Each process gets a third of the load, and the compiler of each takes its share of the processors.
    warmUpSeconds: 12,
    baselines: { bare: 'bare', reference: 'reference' },
  },
  {
    name: 'redis-3-each',
    title: 'ours node:http, three processes, as many connections each',
    file: 'redis-nodes.mjs',
    settings: { nodes: 3 },
    keepsStreams: true,
    connectionsFactor: 3,
    warmUpSeconds: 12,
    baselines: { bare: 'bare', reference: 'reference' },
  },
]
