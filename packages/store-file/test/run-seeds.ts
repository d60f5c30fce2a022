/** How many seeds a simulation tries: `DS_SIM_SEEDS`, or a number that fits into a run of all tests. */
const SEEDS = Number(process.env['DS_SIM_SEEDS'] ?? 2_000)
/** The first of them, `DS_SIM_FIRST`, so that long runs can go on where others ended. */
const FIRST = Number(process.env['DS_SIM_FIRST'] ?? 1)
/** The only seed to try, when one is to be run again. */
const ONLY = process.env['DS_SIM_SEED']

/** So much time a simulation may take, in milliseconds. */
export function timeOf(share: number): number {
  return Math.max(120_000, SEEDS * share * 200)
}

/**
 * Runs a simulation with one seed after the other; the error of the first that fails names the command that runs it
 * again. Returns how many there were.
 *
 * @param share of the seeds, for simulations that take longer
 */
export async function runSeeds(
  testFile: string,
  share: number,
  simulate: (seed: number) => Promise<void>,
): Promise<number> {
  const first = ONLY === undefined ? FIRST : Number(ONLY)
  const count = ONLY === undefined ? Math.ceil(SEEDS * share) : 1
  for (let seed = first; seed < first + count; seed++) {
    try {
      await simulate(seed)
    } catch (cause) {
      const command = `DS_SIM_SEED=${seed} pnpm exec vitest run --project store-file ${testFile}`
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new Error(`seed ${seed} fails: ${reason}\nRun it again with: ${command}`, { cause })
    }
  }
  return count
}
