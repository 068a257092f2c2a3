from .harness import migrated, project

__all__ = ["migrated", "project"]
