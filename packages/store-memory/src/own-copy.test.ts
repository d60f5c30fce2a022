import type { StreamPath } from '@ds/core'
import { expect, test } from 'vitest'
import { ownCopy } from './own-copy.js'

test.each(['a', 'runs/1234567890/of/a/long/path', 'gr\u00fc\u00dfe/\u{1f600}', '\ud800', 'a\udc00b'])(
  'a copy of %j is the same path',
  (path) => expect(ownCopy(path as StreamPath)).toBe(path),
)
