namespace Tunesmith.Runs.Folders;

/// <summary>What stood in a run folder when it was opened.</summary>
public enum RunState
{
    /// <summary>Nothing of a run: a new or empty folder, or one that was to be overwritten.</summary>
    Fresh,

    /// <summary>The same recipe began here and did not end; its checkpoints, if any, can be gone on from.</summary>
    Interrupted,

    /// <summary>The same recipe ran here to its end.</summary>
    Finished,
}
