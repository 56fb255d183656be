@echo off
rem Provisions Genesys Web Engagement with gwe-reconciler:
rem
rem   webengagement_provisioning.bat -host HOST -port PORT [-user USER]
rem       [-password PASSWORD] -app APPLICATION [-overwrite]
rem
rem It runs webengagement_provisioning.exe, which stands on PATH where gwe-reconciler is
rem installed; or else GWE_PYTHON names the Python that it is installed in.
setlocal EnableExtensions DisableDelayedExpansion

rem Beside it is gwe.toml; two levels above, the installation folder.
for %%I in ("%~dp0.") do set "GWE_SCRIPT_DIR=%%~fI"

if defined GWE_PYTHON goto python
rem With .exe: without it, this file would be found again.
set "GWE_TOOL="
for %%I in (webengagement_provisioning.exe) do set "GWE_TOOL=%%~$PATH:I"
if not defined GWE_TOOL goto missing
"%GWE_TOOL%" %*
exit /b %ERRORLEVEL%

:python
rem What lies in the current folder is not to be run.
set "PYTHONSAFEPATH=1"
"%GWE_PYTHON:"=%" -m reconciler.cli.drop_in %*
exit /b %ERRORLEVEL%

:missing
echo error: webengagement_provisioning.exe is not on PATH>&2
echo   Install gwe-reconciler, or set GWE_PYTHON to the Python that it is installed in.>&2
exit /b 1
