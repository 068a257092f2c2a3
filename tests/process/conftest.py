from tests.support.project import migrated, project

__all__ = ["migrated", "project"]
