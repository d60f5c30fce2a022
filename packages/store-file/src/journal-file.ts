import type { File, FileSystem } from './file-system.js'
import type { JournalFileHeader } from './journal-format.js'
import { encodeFileHeader } from './journal-format.js'
import { journalName } from './layout.js'

/**
 * Makes a journal file that holds nothing yet, durably.
 *
 * @param isThrough whether it is to be written through
 */
export async function createJournalFile(
  fileSystem: FileSystem,
  header: JournalFileHeader,
  isThrough: boolean,
): Promise<File> {
  const file = await fileSystem.open(journalName(header.number), 'create', isThrough)
  try {
    await file.write(encodeFileHeader(header), 0)
    await file.sync()
    await fileSystem.syncDirectory('journal')
    return file
  } catch (error) {
    await file.close().catch(() => undefined)
    throw error
  }
}
