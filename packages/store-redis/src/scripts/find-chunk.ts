import { CHUNK_STARTS, LARGEST_CHUNK_BYTES } from '../chunk-layout.js'

/** `chunkAt` of the layout of chunks, for scripts: number, first byte and end of the chunk that a byte is in. */
// eslint-disable-next-line @typescript-eslint/no-inferrable-types -- declarations are made file by file
export const FIND_CHUNK: string = `
local function findChunk(at)
  local starts, largest = { ${CHUNK_STARTS.join(', ')} }, ${LARGEST_CHUNK_BYTES}
  local index, from = #starts - 1, starts[#starts]
  if at >= from then
    local more = math.floor((at - from) / largest)
    return index + more, from + more * largest, from + (more + 1) * largest
  end
  repeat index = index - 1 until starts[index + 1] <= at
  return index, starts[index + 1], starts[index + 2]
end
`
