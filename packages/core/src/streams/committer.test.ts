import { Committer } from './committer.js'
import { FakeEnvironment } from '../../test/fake-environment.js'
import { TestStore } from '../../test/test-store.js'
import { expect, it } from 'vitest'

it('names every commit differently, and all that are its own alike', () => {
  const committer = new Committer(new TestStore(), new FakeEnvironment())
  const other = new Committer(new TestStore(), new FakeEnvironment('2'))
  const names = Array.from({ length: 12_000 }, () => committer.newCommitId())
  const others = Array.from({ length: 12_000 }, () => other.newCommitId())
  expect(new Set([...names, ...others]).size).toBe(24_000)
  const prefix = names[0]!.slice(0, 16)
  expect(names.every((name) => name.startsWith(prefix) && /^[1-9][0-9]{3,4}$/.test(name.slice(16)))).toBe(
    true,
  )
})
