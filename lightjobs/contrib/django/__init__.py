"""lightjobs in Django. As one of INSTALLED_APPS it brings the permission `lightjobs.operate`."""
