"""Records PHP's answers for machines without PHP: `python -m tests.strtotime.record`.

Run it after a change of the generator, the documented formats, the zone names or PHP's behavior.
"""

from __future__ import annotations

from .pairs import documented_pairs, generated_pairs, zone_name_pairs
from .php import Php, write_record

RECORDED_PAIRS = 3000
"""How many generated pairs are recorded in addition to the documented ones."""


def main() -> None:
    php = Php()
    generated = generated_pairs(RECORDED_PAIRS)
    write_record(php, [*documented_pairs(), *zone_name_pairs(), *generated])
    php.close()


if __name__ == "__main__":
    main()
