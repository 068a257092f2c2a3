-- What scripts need that seldom meet a job with ties. lua.py makes of it, and of the definitions that it uses, a function flow()
-- that they call when they meet one: to define all that anew in each call would take as long as to settle a job. `made_flow` is
-- nil until then.
return {keys = unique_keys, batches = batch_counts, pushes = tied_pushes, steps = steps_after, note_failed = note_failed,
  advance_batches = advance_batches}
