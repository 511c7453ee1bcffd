from __future__ import annotations

from lossmon.capture.schedule import ALLOWANCE_S, BUDGET, COLD_CACHE, MAX_BYTES, Schedule


def simulate(schedule: Schedule, *, steps: int, step_s: float, sample_s: float) -> list[int]:
    """Return the sampled steps of a run whose clock ticks as told."""
    now, sampled = 0.0, []
    for step in range(steps):
        now += step_s
        if schedule.samples(step):
            sampled.append(step)
            schedule.spent(sample_s)
            now += sample_s
        schedule.adapt(step, now)
    return sampled


def test_a_short_run_is_seen_whole() -> None:
    assert len(simulate(Schedule(), steps=300, step_s=3e-4, sample_s=4e-4)) == 300


def test_a_long_run_spends_the_allowance_and_then_the_budget() -> None:
    schedule = Schedule()
    simulate(schedule, steps=200_000, step_s=3e-4, sample_s=4e-4)
    elapsed = 200_000 * 3e-4
    assert schedule.spent_s <= ALLOWANCE_S + 1.5 * BUDGET * elapsed
    assert schedule.spent_s >= ALLOWANCE_S


def test_after_the_allowance_pairs_of_steps_are_sampled() -> None:
    sampled = simulate(Schedule(), steps=20_000, step_s=3e-4, sample_s=4e-4)
    late = [step for step in sampled if step > 5000]
    assert late
    assert all(step % 2 or step + 1 in sampled for step in late)


def test_sampled_steps_are_nested_whatever_the_cost() -> None:
    cheap = simulate(Schedule(), steps=50_000, step_s=3e-4, sample_s=2e-4)
    dear = simulate(Schedule(), steps=50_000, step_s=3e-4, sample_s=9e-4)
    late = {step for step in dear if step > 10_000}
    assert late
    assert late <= set(cheap)


def test_a_fixed_interval_is_kept_whatever_it_costs() -> None:
    assert simulate(Schedule(every=7), steps=30, step_s=1e-3, sample_s=1.0) == [0, 7, 14, 21, 28]


def test_a_sample_is_charged_more_than_its_own_time() -> None:
    schedule = Schedule()
    schedule.spent(0.1)
    assert schedule.spent_s == 0.1 * COLD_CACHE


def test_wide_records_stay_within_their_share_of_the_disk_however_long_the_run() -> None:
    counts = []
    for steps in (20_000, 200_000, 2_000_000):
        schedule = Schedule()
        schedule.record_bytes = 24_000
        sampled = simulate(schedule, steps=steps, step_s=1.0, sample_s=1e-3)
        assert len(sampled) * schedule.record_bytes < MAX_BYTES
        counts.append(len(sampled))
        assert sampled[-1] > 0.8 * steps
        assert all(step % 2 or step + 1 in sampled for step in sampled if step > 10_000)
    assert counts == sorted(set(counts))


def test_a_short_run_does_not_notice_the_disk() -> None:
    schedule = Schedule()
    schedule.record_bytes = 24_000
    assert len(simulate(schedule, steps=4000, step_s=1.0, sample_s=1e-3)) == 4000
