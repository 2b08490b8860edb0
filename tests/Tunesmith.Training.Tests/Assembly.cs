// One class at a time: the default generator and the live tensors belong to the whole process.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
