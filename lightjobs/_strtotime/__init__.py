"""The machinery of `lightjobs.strtotime`.

A text is cut into tokens (`lexer`, by the rules of `grammar` in the notation of `pattern`).
Each token notes what it says in a `Draft` (`parser` picks the function from `dates`, `times`,
`relative` and `zones`; `token` and `words` read the pieces). The draft is then applied to a
base moment (`resolve`, on the arithmetic of `civil` and `transitions`).

Behaviour follows PHP 8.2 (timelib 2022.12) and was checked against a running `php`; "PHP"
in these modules means that version.
"""
