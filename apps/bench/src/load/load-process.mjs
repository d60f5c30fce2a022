import { measureFanOut } from './fan-out-load.mjs'
import { holdReaders } from './hold-readers.mjs'
import { measureLongPoll } from './long-poll-load.mjs'
import { createStreams, fillStream } from './prepare-streams.mjs'
import { readStream } from './read-load.mjs'
import { measureWakes, subscribeMany } from './subscription-load.mjs'
import { measureXadd } from './xadd-load.mjs'

const tasks = {
  'load-with-autocannon': loadWithAutocannon,
  'create-streams': createStreams,
  'fill-stream': fillStream,
  'hold-readers': holdReaders,
  'measure-fan-out': measureFanOut,
  'measure-long-poll': measureLongPoll,
  'measure-wakes': measureWakes,
  'measure-xadd': measureXadd,
  'read-stream': readStream,
  'subscribe-many': subscribeMany,
}

/** Loaded only when it is needed: it is by far the largest module here. */
async function loadWithAutocannon(params) {
  const autocannonLoad = await import('./autocannon-load.mjs')
  return autocannonLoad.loadWithAutocannon(params)
}

process.on('disconnect', () => process.exit(0))

/** Tells the parent that a point is reached, and waits until it says to go on. */
function checkpoint(name) {
  return new Promise((resolve) => {
    process.once('message', resolve)
    process.send({ type: 'checkpoint', name })
  })
}

async function runTask(task, params) {
  try {
    process.send({ type: 'result', result: await tasks[task](params, checkpoint) })
  } catch (error) {
    process.send({ type: 'failed', reason: error.stack ?? String(error) })
  }
}

process.once('message', ({ task, params }) => void runTask(task, params))
