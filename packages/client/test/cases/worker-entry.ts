import { runCases } from './run-cases.js'

/** workerd: the addresses are parameters of a request, the results its answer. */
const worker: { fetch(request: Request): Promise<Response> } = {
  async fetch(request) {
    const params = new URL(request.url).searchParams
    if (params.has('ping')) return new Response('here')
    return Response.json(await runCases({ streams: params.get('streams')!, proxy: params.get('proxy')! }))
  },
}

export default worker
