import { cpus, loadavg, platform, release, totalmem } from 'node:os'
import { readPackageVersion } from './package-version.mjs'

/** What a reader needs to judge the numbers. */
export function describeEnvironment(generator, connections) {
  const processors = cpus()
  return {
    date: new Date().toISOString(),
    node: process.version,
    cores: processors.length,
    cpu: processors[0]?.model ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    os: `${platform()} ${release()}`,
    loadAverageAtStart: Number(loadavg()[0].toFixed(2)),
    httpLoad: generator.name,
    appendConnections: connections,
    liveLoad: 'raw sockets, one process for the writer and all readers',
    reference: `@durable-streams/server ${readPackageVersion('@durable-streams/server')}`,
  }
}
