"""Records PHP's answers for machines without PHP: `python -m tests.strtotime.record`.

To be run after the generator, the documented formats or PHP's behaviour changed.
"""

from __future__ import annotations

from .pairs import documented_pairs, generated_pairs, zone_name_pairs
from .php import Php, write_record

RECORDED_PAIRS = 3000
"""How many generated pairs are recorded beside the documented ones."""


def main() -> None:
    php = Php()
    generated = generated_pairs(RECORDED_PAIRS)
    write_record(php, [*documented_pairs(), *zone_name_pairs(), *generated])
    php.close()


if __name__ == "__main__":
    main()
