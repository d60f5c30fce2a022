export const redisRows = [
  {
    name: 'xadd',
    group: 'redis',
    title: 'XADD of 100 B by ioredis alone, pipelines of 64, 1,000 streams',
    unit: 'commands/s',
    better: 'higher',
    subjects: ['redis'],
    needsStreams: false,
    measure: ({ runTask, seconds, warmUpSeconds }) =>
      runTask('measure-xadd', { seconds, warmUpMs: warmUpSeconds * 1000, width: 64, streams: 1000 }),
  },
]
