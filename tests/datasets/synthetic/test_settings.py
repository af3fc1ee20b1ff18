"""Settings of the synthetic laboratory refuse contradictions and survive a round trip."""

from __future__ import annotations

import pytest

from datasets.synthetic.settings import ContentSettings, EvidenceShares, SensorSettings, SyntheticSettings
from suite.errors import SettingsError
from suite.settings import from_mapping, to_mapping


def test_settings_survive_a_round_trip_through_plain_data() -> None:
    settings = SyntheticSettings(height=120, content=ContentSettings(people=(1, 1)))
    assert from_mapping(SyntheticSettings, to_mapping(settings)) == settings


def test_shares_of_evidence_must_sum_to_one() -> None:
    with pytest.raises(SettingsError, match="sum to 1"):
        EvidenceShares(both=0.5, infrared=0.5, visible=0.5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SyntheticSettings(height=10), "at least 64"),
        (lambda: SyntheticSettings(night_fraction=1.5), "night_fraction"),
        (lambda: SyntheticSettings(seed=-1), "seed"),
        (lambda: SyntheticSettings(num_val=-1), "num_val"),
        (lambda: ContentSettings(people=(3, 1)), "content.people"),
        (lambda: ContentSettings(posters=-0.1), "content.posters"),
        (lambda: ContentSettings(person_height=(0.5, 0.2)), "person_height"),
        (lambda: SensorSettings(jpeg_quality=(90, 60)), "jpeg_quality"),
        (lambda: SensorSettings(infrared_span=(0.0, 10.0)), "infrared_span"),
    ],
)
def test_contradictions_are_refused_by_name(make, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SettingsError, match=message):
        make()
