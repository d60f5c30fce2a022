import { inSection, type Statement } from './statement.js'

const fork = inSection('4.2')
const forkClient = inSection('4.2', 'client')

const LIFETIMES = [
  '4.2/lifetime-none-none',
  '4.2/lifetime-none-ttl',
  '4.2/lifetime-none-expires-at',
  '4.2/lifetime-ttl-none',
  '4.2/lifetime-ttl-ttl',
  '4.2/lifetime-ttl-expires-at',
  '4.2/lifetime-expires-at-none',
  '4.2/lifetime-expires-at-ttl',
  '4.2/lifetime-expires-at-expires-at',
]

/** Forks. */
export const forkStatements: readonly Statement[] = [
  fork.fact('A fork is a stream of its own: it is appended to, closed and deleted without its source.', [
    '4.2/source-and-fork-diverge',
    '4.2/closing-one-leaves-the-other-open',
    '4.2/deleting-a-fork-leaves-the-source',
    '4.2/siblings-diverge',
  ]),
  fork.fact('A fork reads as what it inherited, followed by its own data, also as a fork of a fork.', [
    '4.2/inherits-up-to-the-offset',
    '4.2/put-body-follows-the-inherited-data',
    '4.2/forks-of-forks-read-through',
    '4.2/fork-of-a-fork-inside-the-inherited-part',
    '4.2/fork-racing-appends-is-a-prefix',
    '4/forks-survive-a-restart',
  ]),
  fork.fact('Without an offset a fork begins at the tail of its source.', [
    '4.2/forks-at-the-tail-by-default',
  ]),
  fork.fact('A sub-offset counts messages on JSON streams and bytes on others, from the fork offset.', [
    '4.2/sub-offset-counts-messages',
    '4.2/sub-offset-counts-bytes',
    '4.2/sub-offset-counts-from-the-fork-offset',
    '4.2/sub-offset-fork-continues-with-its-own-data',
    '4.2/sub-offset-fork-can-be-forked',
  ]),
  fork.fact('A sub-offset of 0 is as if there were none.', ['4.2/sub-offset-zero-is-no-sub-offset']),
  fork.fact('Without a content type a fork has the one of its source.', ['4.2/inherits-the-content-type']),
  fork.must('A content type that is given equals the one of the source; another answers 409.', [
    '4.2/same-content-type-is-accepted',
    '4.2/other-content-type-answers-409',
  ]),
  fork.fact('The lifetime of a fork follows the table of source and request.', [
    ...LIFETIMES,
    '4.2/lifetime-of-a-fork-of-a-fork',
    '4.2/refuses-an-invalid-lifetime',
  ]),
  fork.fact('Forks have lifetimes of their own and can outlive their source.', [
    '4.2/inherited-ttl-slides-on-its-own',
    '4.2/fork-outlives-an-expired-source',
    '4.2/recreating-an-expired-source-leaves-its-forks-alone',
  ]),
  fork.fact('A source that does not exist answers 404.', [
    '4.2/missing-source-answers-404',
    '4.2/fork-of-itself-is-refused',
  ]),
  fork.fact('An offset beyond the tail of the source answers 400.', [
    '4.2/offset-beyond-the-tail-answers-400',
  ]),
  fork.fact('A malformed offset answers 400.', [
    '4.2/malformed-offset-answers-400',
    '4.2/fork-offset-without-a-source-is-refused',
  ]),
  fork.fact('A malformed sub-offset, or one past the next boundary, answers 400.', [
    '4.2/malformed-sub-offset-answers-400',
    '4.2/sub-offset-past-the-data-answers-400',
    '4.2/sub-offset-at-the-default-offset-answers-400',
    '4.2/sub-offset-without-a-source-answers-400',
  ]),
  fork.fact('A target that is in use with another configuration answers 409.', [
    '4.2/target-in-use-answers-409',
  ]),
  fork.fact('A soft-deleted source answers 409.', ['4.2/soft-deleted-path-is-blocked']),
  fork.fact('A refused fork leaves nothing behind.', [
    '4.2/refused-fork-leaves-no-reference',
    '4.2/refused-body-leaves-no-reference',
  ]),
  fork.must('Repeating the PUT of a fork with the same configuration answers 200.', [
    '4.2/repeating-the-fork-answers-200',
    '4.2/repeating-the-fork-at-the-tail-answers-200',
    '4.2/repeating-a-sub-offset-fork-compares-it',
    '4.2/repeated-fork-adds-no-reference',
  ]),
  fork.must('Repeating it with another configuration answers 409.', [
    '4.2/another-configuration-answers-409',
    '4.2/repeating-a-sub-offset-fork-compares-it',
  ]),
  fork.may('A closed stream can be forked; the fork is open.', [
    '4.2/fork-of-a-closed-stream-is-open',
    '4.2/fork-can-be-created-closed',
  ]),
  fork.must('A fork inherits no state of idempotent producers and no Stream-Seq.', [
    '4.2/producer-state-is-not-inherited',
    '4.2/stream-seq-is-not-inherited',
    '4.2/retries-do-not-reach-inherited-data',
  ]),
  forkClient.must('A producer that writes to a fork starts its state over there.', [
    '4.2/producer-state-is-not-inherited',
  ]),
  fork.fact('Deleting a source with forks keeps its data for them and answers 410 for itself.', [
    '4.2/deleting-a-source-keeps-its-forks',
    '4.2/soft-deleted-source-answers-410',
    '4.2/forks-racing-a-delete-are-whole-or-refused',
    '4.2/expired-source-with-forks-answers-410',
  ]),
  fork.fact('A soft-deleted path cannot be created again.', ['4.2/soft-deleted-path-is-blocked']),
  fork.may('The data of a soft-deleted source is removed some time after its last fork is gone.', [
    '4.2/last-fork-deleted-collects-the-source',
    '4.2/expired-fork-releases-its-source',
    '4.2/source-without-forks-is-deleted-at-once',
  ]),
  forkClient.should('A client does not expect 404 of the source at once.', {
    reason: 'a caution for applications; our own case waits up to five seconds',
  }),
  fork.may('Collection goes on up the chain of sources.', [
    '4.2/collection-cascades-up-the-chain',
    '4.2/collection-stops-at-a-living-stream',
  ]),
]
