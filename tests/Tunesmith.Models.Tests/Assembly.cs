// One class at a time: live tensors are counted for the whole process, and the machine's cores belong to libtorch.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
