import { BodyIntake } from './body-intake.js'
import { MemoryStore } from '@ds/store-memory'
import { Refusal } from './errors.js'
import { describe, expect, test } from 'vitest'
import { fakeRequest } from '../../test/support/fake-request.js'
import { settle } from './options.js'

const KIB = 1024

function createIntake(maxBodyBytes: number, maxReceivingBytes: number): BodyIntake {
  return new BodyIntake(settle({ store: new MemoryStore(), maxBodyBytes, maxReceivingBytes }))
}

/** A request whose body has partly come and then waits. */
function slowRequest(
  receivedBytes: number,
  bodyLength: number | null,
): [ReturnType<typeof fakeRequest>, (error?: Error) => void] {
  let finish: (error?: Error) => void = () => undefined
  const request = {
    ...fakeRequest({}, [], bodyLength),
    readBody: (check: (receivedBytes: number) => void) =>
      new Promise<Uint8Array>((resolve, reject) => {
        check(receivedBytes)
        finish = (error) => (error === undefined ? resolve(new Uint8Array(receivedBytes)) : reject(error))
      }),
  }
  return [request, (error) => finish(error)]
}

async function codeOf(receiving: Promise<unknown>): Promise<string> {
  const error = await receiving.then(
    () => null,
    (reason: unknown) => reason,
  )
  return error instanceof Refusal ? error.code : 'none'
}

/** Turns what `receive` throws at once into what it rejects with. */
function receive(intake: BodyIntake, request: ReturnType<typeof fakeRequest>): Promise<Uint8Array> {
  return Promise.resolve().then(() => intake.receive(request))
}

describe('BodyIntake', () => {
  test('a body up to the limit comes whole', async () => {
    const intake = createIntake(10, 100)
    expect(await receive(intake, fakeRequest({}, [Buffer.from('12345'), Buffer.from('67890')]))).toHaveLength(
      10,
    )
    expect(await receive(intake, fakeRequest())).toHaveLength(0)
  })

  test.each([5, null, 9_000])('a body over the limit is refused when %s was announced', async (announced) => {
    const intake = createIntake(10, 100_000)
    const request = fakeRequest({}, [new Uint8Array(6), new Uint8Array(5)], announced)
    expect(await codeOf(receive(intake, request))).toBe('BODY_TOO_LARGE')
  })

  test('clients that announce much and send nothing keep nobody out', async () => {
    const intake = createIntake(64 * KIB, 64 * KIB)
    const idle = Array.from({ length: 10 }, () => slowRequest(0, 64 * KIB))
    const bodies = idle.map(([request]) => receive(intake, request))
    expect(await receive(intake, fakeRequest({}, [new Uint8Array(64 * KIB)]))).toHaveLength(64 * KIB)
    for (const [, finish] of idle) finish()
    await Promise.all(bodies)
  })

  test('the largest body that is allowed is received, however little all together may be', async () => {
    const intake = createIntake(64 * KIB, 5 * KIB)
    for (const announced of [64 * KIB, null]) {
      const request = fakeRequest({}, [new Uint8Array(32 * KIB), new Uint8Array(32 * KIB)], announced)
      expect(await receive(intake, request)).toHaveLength(64 * KIB)
    }
  })

  test('what is being received counts until it has come or has failed', async () => {
    const intake = createIntake(64 * KIB, 64 * KIB)
    for (const error of [undefined, new Error('the client is gone')]) {
      const [slow, finish] = slowRequest(32 * KIB, null)
      const body = receive(intake, slow)
      await Promise.resolve()
      expect(await codeOf(receive(intake, fakeRequest({}, [new Uint8Array(33 * KIB)])))).toBe('OVERLOADED')
      expect(await codeOf(receive(intake, fakeRequest({}, [new Uint8Array(33 * KIB)], null)))).toBe(
        'OVERLOADED',
      )
      finish(error)
      await body.catch(() => undefined)
      expect(await receive(intake, fakeRequest({}, [new Uint8Array(64 * KIB)]))).toHaveLength(64 * KIB)
    }
  })
})
