// Live tensors are counted for the whole process: tests that look at the count cannot run beside others.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
