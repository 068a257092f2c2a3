-- Put before the scripts that store such jobs for a producer, after steps.lua.

-- Store rows for a caller who waits for the answer, and with them the batch in `batch` or, if that is the id of one, jobs of it;
-- false for none. Returns "stored" and what `judge` says of jobs that were left out; or why nothing was stored: "refused", with
-- the id of the holder and the key; "known", if there is such a batch already; "ended", "cancelled" or "unknown", if nothing can
-- be added to it.
local function push_rows(form, rows, batch, is_staged)
  local adds = type(batch) == 'string'
  if adds then
    local known, cancelled, ended = unpack(redis.call('HMGET', batch_counts().key_of(batch), 'name', 'cancelled_at', 'ended_at'))
    if not known then return {'unknown'} end
    if cancelled then return {'cancelled'} end
    if ended then return {'ended'} end
  elseif batch and batch_counts().is_known(batch[1]) then
    return {'known'}
  end
  local away, passed, key = tied_pushes().judge(rows)
  if not away then return {'refused', passed, key} end
  if batch and not adds then batch_counts().create(batch) end
  local count = tied_pushes().store_rows(form, rows, passed, is_staged)
  if batch then batch_counts().count(adds and batch or batch[1], 'total', count) end
  advance_batches()
  return away
end
