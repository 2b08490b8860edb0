namespace Tunesmith.Training.Schedules;

/// <summary>Lowers the rate by `factor` when the metric has not improved for more than `patience` evaluations (torch.optim.lr_scheduler.ReduceLROnPlateau).</summary>
internal sealed class ReduceLrOnPlateau : Schedule
{
    private readonly double _factor, _threshold, _minLr, _eps;
    private readonly long _patience, _cooldown;
    private readonly bool _max, _relative;
    private double _best, _rate;
    private long _bad, _cooling;

    private ReduceLrOnPlateau(ScheduleRequest request) : base(request.BaseRate, _ => 1.0)
    {
        _factor = request.Number("factor", 0.1);
        if (_factor >= 1) throw Errors.ScheduleArgument("factor", _factor, "a number below 1");
        _patience = request.Whole("patience") ?? 10;
        _cooldown = request.Whole("cooldown") ?? 0;
        _threshold = request.Number("threshold", 1e-4);
        _relative = request.Text("threshold_mode", "rel", "rel", "abs") == "rel";
        _max = request.Text("mode", "min", "min", "max") == "max";
        _minLr = request.Number("min_lr", 0);
        _eps = request.Number("eps", 1e-8);
        _best = _max ? double.NegativeInfinity : double.PositiveInfinity;
        _rate = BaseRate;
    }

    public static Schedule Build(ScheduleRequest request)
    {
        request.Allow("reduce_lr_on_plateau", "mode", "factor", "patience", "threshold", "threshold_mode", "cooldown", "min_lr", "eps");
        return new ReduceLrOnPlateau(request);
    }

    public override bool NeedsEvaluation => true;

    public override double Factor(long step) => BaseRate == 0 ? 0 : _rate / BaseRate;

    public override double Rate(long step) => _rate;

    public override void Observe(double metric)
    {
        if (IsBetter(metric)) (_best, _bad) = (metric, 0);
        else _bad++;
        if (_cooling > 0)
        {
            _cooling--;
            _bad = 0; // evaluations during the cooldown do not count
        }
        if (_bad <= _patience) return;
        var lower = Math.Max(_rate * _factor, _minLr);
        if (_rate - lower > _eps) _rate = lower;
        (_cooling, _bad) = (_cooldown, 0);
    }

    private bool IsBetter(double metric) => (_max, _relative) switch
    {
        (false, true) => metric < _best * (1.0 - _threshold),
        (false, false) => metric < _best - _threshold,
        (true, true) => metric > _best * (_threshold + 1.0),
        (true, false) => metric > _best + _threshold,
    };

    public override IReadOnlyDictionary<string, double> SaveState() =>
        new Dictionary<string, double> { ["best"] = _best, ["rate"] = _rate, ["bad"] = _bad, ["cooling"] = _cooling };

    public override void LoadState(IReadOnlyDictionary<string, double> state) =>
        (_best, _rate, _bad, _cooling) = (state["best"], state["rate"], (long)state["bad"], (long)state["cooling"]);
}
