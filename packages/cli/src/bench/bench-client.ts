import * as http from 'node:http'
import * as https from 'node:https'
import { CliError } from '../failures.js'
import { EXIT } from '../exit-codes.js'

/** node:http itself: fetch would be most of what is measured. */
export class BenchClient {
  readonly #agent: http.Agent
  readonly #request: typeof http.request
  readonly #headers: Readonly<Record<string, string>>
  readonly #signal: AbortSignal

  constructor(origin: string, headers: Readonly<Record<string, string>>, signal: AbortSignal) {
    const isSecure = origin.startsWith('https:')
    this.#agent = new (isSecure ? https : http).Agent({ keepAlive: true, maxSockets: Infinity })
    this.#request = isSecure ? https.request : http.request
    this.#headers = headers
    this.#signal = signal
    signal.addEventListener('abort', () => this.close(), { once: true })
  }

  /** Sends a request and reads its answer; rejects if that is an error. */
  send(method: string, url: string, body = ''): Promise<http.IncomingHttpHeaders> {
    return new Promise((resolve, reject) => {
      const headers = {
        ...this.#headers,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      }
      const request = this.#request(url, { method, headers, agent: this.#agent })
      request.on('error', (error) => reject(this.#explain(error)))
      request.on('response', (response) => {
        response.resume()
        response.on('error', reject)
        response.on('end', () => {
          const { statusCode = 0 } = response
          if (statusCode < 300) resolve(response.headers)
          else reject(new CliError(`HTTP_${statusCode}`, `${method} ${url} is answered with ${statusCode}`))
        })
      })
      request.end(body)
    })
  }

  /** Follows a stream by SSE; resolves when it is connected and has caught up, to how to stop. */
  follow(url: string, onLine: (line: string) => void): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const request = this.#request(`${url}?offset=now&live=sse`, {
        headers: this.#headers,
        agent: this.#agent,
      })
      request.on('error', (error) => reject(this.#explain(error)))
      request.on('response', (response) => {
        if (response.statusCode !== 200) {
          response.resume()
          reject(
            new CliError(
              `HTTP_${response.statusCode ?? 0}`,
              `SSE is answered with ${response.statusCode ?? 0}`,
            ),
          )
          return
        }
        const stop = (): void => void request.destroy()
        let rest = ''
        response.setEncoding('utf8').on('error', () => undefined)
        response.on('data', (chunk: string) => {
          const lines = (rest + chunk).split('\n')
          rest = lines.pop()!
          for (const line of lines) {
            if (line.startsWith('data:')) onLine(line)
            if (line.startsWith('event: control')) resolve(stop)
          }
        })
      })
      request.end()
    })
  }

  close(): void {
    this.#agent.destroy()
  }

  #explain(error: Error): Error {
    if (this.#signal.aborted) return error
    return new CliError('NETWORK', `no answer: ${error.message}`, {
      exitCode: EXIT.unreachable,
      hint: 'is the server running there? start one with `ds dev`',
      cause: error,
    })
  }
}
