"""Studies of one measure, and jobs, for tests of cohorts without workers."""

from bitbox_xr.cohort import options, worker
from bitbox_xr.cohort.manifest import Recording


def study_of(measure, given=None, **more):
    """What `cohort.run(…, measure=measure, **given)` is asked to compute."""
    return options.planned(options.one_measure(measure, {**(given or {}), **more}))


def plan_of(measure, given=None, **more):
    """The only measure of a study."""
    return study_of(measure, given, **more).plans[0]


def job_of(recording, signals, reference, out, run_folder):
    return worker.Job(Recording(recording, signals, reference), reference is not None, False, out, run_folder)
