/** Runs a plan with the chosen generator: first to warm the subject up, then to measure. */
export async function measurePlan({ generator, subject, seconds, warmUpSeconds }, plan) {
  const { port } = subject
  await generator.run({ port, plan: { ...plan, tag: `${plan.kind}-warm-up` }, seconds: warmUpSeconds })
  const result = await generator.run({ port, plan: { ...plan, tag: plan.kind }, seconds })
  return {
    value: result.requestsPerSecond,
    errors: result.errors,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
  }
}
