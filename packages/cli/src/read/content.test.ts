import { describe, expect, test } from 'vitest'
import { Bytes, Messages } from './content.js'
import { lastLines, LastPart } from './last-part.js'

describe('Messages', () => {
  test('are found in one array or in several', () => {
    const messages = Messages.parse(Buffer.from('[1,{"a":[2]}]\n["x"] []'))
    expect(messages.count).toBe(3)
    expect(Buffer.from(messages.toBytes()).toString()).toBe('1\n{"a":[2]}\n"x"\n')
    expect(messages.part(1, 2).toField()).toBe('"messages":[{"a":[2]}]')
    expect(Messages.parse(new Uint8Array(0)).count).toBe(0)
  })

  test('are not found in what is no JSON', () => {
    expect(() => Messages.parse(Buffer.from('<html>'))).toThrow('no JSON array')
    expect(() => Messages.parse(Buffer.from('[1,2'))).toThrow('no JSON array')
  })
})

test('Bytes are text in a record when they are text', () => {
  expect(new Bytes(Buffer.from('a"b')).toField()).toBe('"text":"a\\"b"')
  expect(new Bytes(Buffer.from('ü').subarray(0, 1)).toField()).toBe('"base64":"ww=="')
})

describe('the last part', () => {
  test.each([
    ['a\nb\nc\n', 2, 'b\nc\n'],
    ['a\nb\nc', 2, 'b\nc'],
    ['a\nb\nc', 1, 'c'],
    ['a', 3, 'a'],
    ['', 3, ''],
    ['\n\n\n', 2, '\n\n'],
  ])('of %j by %i lines is %j', (text, wanted, expected) => {
    expect(lastLines(Buffer.from(text), wanted).toString()).toBe(expected)
  })

  test('is the same however it arrives', () => {
    const last = new LastPart(2)
    for (const text of ['a\nb', 'b\ncc', '\nd']) last.push(new Bytes(Buffer.from(text)))
    expect(Buffer.from(last.take().toBytes()).toString()).toBe('cc\nd')
    const messages = new LastPart(2)
    for (const text of ['[1,2,3]', '[]', '[4]']) messages.push(Messages.parse(Buffer.from(text)))
    expect(messages.take().toField()).toBe('"messages":[3,4]')
  })
})
