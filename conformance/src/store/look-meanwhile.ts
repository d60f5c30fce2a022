/** Looks again and again until the work has ended; fails when either does. */
export async function lookMeanwhile(work: Promise<void>, look: () => Promise<void>): Promise<void> {
  const state = { isDone: false }
  const finish = (): void => {
    state.isDone = true
  }
  work.then(finish, finish)
  try {
    while (!state.isDone) {
      await look()
      await new Promise(setImmediate)
    }
  } finally {
    await work
  }
}
