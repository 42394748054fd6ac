<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN">
<context>
    <name>AblationPage</name>
    <message>
        <source>Every memory measure off alone, on alone, and added one after another in the original plan&apos;s order: the saving that the plan expects beside the one measured here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not measured yet for this job. Start runs it many times, each in a fresh process.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Repeats</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Runs of each combination; tables show their median and spread</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export CSV...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Overview</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Expected and measured saving of each measure</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Off alone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Each measure alone off, all others on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>On alone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Each measure alone on, all others off</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cumulated</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Measures added one after another, in the order of priority</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>measure</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>expected saving</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>alone off</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>alone on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>cumulated</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>expected</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>saved</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>peak without</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>peak with</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>reserved without</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>reserved with</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>change of time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>deviation</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>accuracy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>effect</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>About</name>
    <message>
        <source>About SLoRA</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Distribution compensation inside a memory budget: plan, run, measure, compare.

Python {python}, Qt {qt}, PySide {pyside}, pyqtgraph {pyqtgraph}

Licence: MIT. The font is a cut of Noto Sans CJK (SIL Open Font License 1.1).</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>AccuracyPlot</name>
    <message>
        <source>Accuracy by task</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Accuracy of each variant by task</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>task</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Accuracy with {classifier}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No accuracies yet. They appear as tasks finish.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Actions</name>
    <message>
        <source>New job</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Set every setting of the job back to its default</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open a feature file, a class state, a configuration or a run</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save configuration…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Write the job as a TOML file that the command line reads too</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Report as PDF…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Write a report of the runs on show: figures, tables and curves</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tables as CSV…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Write runs, stages, samples, accuracies and comparison as CSV files</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Plot as PNG…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Plot as SVG…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Plot data as CSV…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy plot</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Put a picture of the plot on the clipboard</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Python snippet…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Write Python code that runs this job without the window</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy Python snippet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Put Python code that runs this job on the clipboard</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy command line</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Put the shell command that runs this job on the clipboard</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Quit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Undo</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Redo</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Note on this run…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Write a note into the file of the run on show</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Preferences…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Run</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Run this job in a process of its own and record it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stop the run; what was measured is kept</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Run baseline and optimised</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Run the original and the optimised engine one after the other and compare them</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Run the demo</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Five tasks of handwritten digits, about a minute</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Welcome</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Run on show</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Comparison</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ablation</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tuner</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Search the history</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Find, reopen, compare and delete earlier runs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pause the view</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Hold the plot still; measuring goes on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Zoom to region</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show all of the plot</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Full screen</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reset layout</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Put every panel back where it was at first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>As the desktop</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Light</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Dark</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Command palette…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Find any action by typing a few letters of it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keyboard shortcuts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tour of the window</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Five steps through the window</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>About SLoRA</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Undo: {what}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Redo: {what}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>BudgetControl</name>
    <message>
        <source>Memory budget, logarithmic</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What the run may take of the compute device; the far right is unlimited</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sets the smallest budget in which this run can be done</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Set budget</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Set {size}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Too small: this run needs at least {size}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Smallest that will do: {size}.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>CommandPalette</name>
    <message>
        <source>Command palette</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Type a few letters of an action</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Action</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Actions</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No action of that name can be used now</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>CompareDesk</name>
    <message>
        <source>Add a run</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Runs (*.slora)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the baseline</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ComparePage</name>
    <message>
        <source>Runs that are compared</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add run...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A run file; it can be dropped on this page as well</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Make base</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Differences and ratios are taken against the base</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Takes the run off this page; its file stays</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Run baseline and optimised</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Runs the job with the original and with the optimised engine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Report...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This comparison as PDF or CSV</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Over</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Counter</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>stages</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Curves over</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The compared curves as a table</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Overall</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Operators</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stages</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Accuracy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Comparison: {group}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{run} (base)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Two or more runs are needed: run the baseline and the optimised engine, or add recorded runs.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ComparePlot</name>
    <message>
        <source>Peaks by stage</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Samples by run</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Memory of the compared runs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Plus and minus zoom, left and right move, Home shows everything</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not available: {runs}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose two runs or more to see them over each other.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Comparison</name>
    <message>
        <source>run</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Controller</name>
    <message>
        <source>Set up the demo</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New job</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What was measured until then is kept.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The run was cancelled; what was measured until then is kept.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{run}: finished in {time}, peak {peak} allocated.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Details</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is in the job now.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All that SLoRA reads (*.slora *.toml *.npz *.safetensors);;All files (*)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Counters</name>
    <message>
        <source>Allocated</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Live tensors on the compute device</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reserved</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What the pool of the allocator holds; the budget bounds it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Process</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pool, context and libraries, from the driver</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Device</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All processes on the device together</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>RSS</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Resident memory of the process of the engine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tensor RAM</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Live tensors of the engine in host memory</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Curves</name>
    <message>
        <source>allocated</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>reserved</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>process</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>whole device</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>RSS</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>tensor RAM</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Live tensors of the engine on the compute device</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The allocator&apos;s pool: what other programs cannot have</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pool, context and libraries of the engine&apos;s process</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Everything on the device, other processes included</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Resident host memory of the engine&apos;s process</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Live tensors of the engine in host memory</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>DevicePicker</name>
    <message>
        <source>Device</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Where the run computes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>CPU</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{device} (not found)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose device</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Dialogs</name>
    <message>
        <source>Note on this run</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The note is kept in the run&apos;s file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A run is under way</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancel the run and close? What was measured so far is kept.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancel the run and close</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keep running</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Docks</name>
    <message>
        <source>Job</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Forecast</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Plan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Notices</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Results</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>History</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ErrorDialog</name>
    <message>
        <source>Something went wrong</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Details</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy what happened and the details</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Close</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Hide details</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show details</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ExportDesk</name>
    <message>
        <source>Save configuration</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Configuration (*.toml)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save Python snippet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Python (*.py)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The Python snippet is on the clipboard.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The command line is on the clipboard.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The plot is on the clipboard.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Picture (*.png)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vector drawing (*.svg)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Table (*.csv)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export plot</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Folder for the CSV tables</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Report (*.pdf)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Saved as {path}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Figures</name>
    <message>
        <source>not available</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{points} points</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>yes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>unlimited</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>FileFacts</name>
    <message>
        <source>with labels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>without labels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>unpacked to a scratch file when it runs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>triangles</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} entries</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ForecastPanel</name>
    <message>
        <source>Forecast</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Predicted peak</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>At most</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The run is certified to stay below this</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Predicted time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Binding stage</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It sets the smallest feasible budget</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Smallest budget</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Original peak</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Predicted for the seed implementation</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The baseline makes no plan and knows no budget. Predicted peak: {size}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a source to see what its run will need.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No budget: the fastest plans may take what they need.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>✓ Fits within {budget}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>✕ {budget} is too small: {stage} needs at least {smallest}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Set {size}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>FrontierPlot</name>
    <message>
        <source>No plans yet. Tune to see peak memory against time.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Peak memory against time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Peak memory against time, one point a plan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Left and right move along the plans, Enter applies one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>peak memory</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>measured</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>predicted</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>History</name>
    <message>
        <source>finished</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>failed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>cancelled</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>interrupted</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>running</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>unreadable</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Note on {run}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>HistoryView</name>
    <message>
        <source>Search name, source, operators, status, date, note...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Search the history</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Past runs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Note</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A note on the selected run</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Shows the run as it was (Enter)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Compare</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Compares the selected runs; the first is the base</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Delete</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Moves the selected runs to the trash; can be undone (Del)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No run matches.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No runs yet. Every run is kept here.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>JobDesk</name>
    <message>
        <source>Apply a point of the frontier</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Set budget</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Where to write the moved state</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Class state (*.safetensors)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose output</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Arrays (*.npz *.safetensors);;All files (*)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Raise budget</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Plan again</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>JobPanel</name>
    <message>
        <source>Source</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Operators</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Device</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Memory budget</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Chunk policy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Memory measures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nine switches; all results stay the same</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Classifiers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rebuilt from the moved statistics</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Run and output</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Seed, threads, sampling, output file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Run</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Run baseline and optimised</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Runs the original and the optimised engine and compares them</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A run is under way</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This job cannot run as it stands: see above and the forecast</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Runs this job in a process of its own and records it</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>LivePage</name>
    <message>
        <source>Stages</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Samples of the memory curve</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Region</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Set budget</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>Toolbar</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pages</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Measures</name>
    <message>
        <source>Smart feature cache</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Features of images seen before are kept, least recently used out first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Progressive release</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Extracted features leave the device batch by batch</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tiled attention</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The attention is computed in tiles that fit the budget</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>CPU/GPU split statistics</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Class statistics wait on the host and visit the device a batch at a time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Budget manager</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Chunk sizes follow the budget; without it they are the original&apos;s 128</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Release at stage borders</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What a stage leaves behind is given back</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Mixed precision</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Half precision off the critical path; the one measure that changes results</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Activation checkpointing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Intermediate activations are computed again instead of kept</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Weak-nonlinear in chunks</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Samples are pushed through the network a chunk at a time</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>MeasuresForm</name>
    <message>
        <source>Switch &apos;{measure}&apos;</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>expected {low}–{high} %</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>measured {percent:.1f} %</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>changes results; all others do not</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>MemoryPlot</name>
    <message>
        <source>view paused</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Memory samples</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Memory of the run over time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Arrow keys move from sample to sample, plus and minus zoom, Home shows everything, B holds the budget</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Memory of the compute device</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Memory of the host</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No run yet. Start one or open a run file to see its memory here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Compute device</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tensor memory on the CPU, the compute device here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Host RAM</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>budget {size}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>budget {size}, {share} % of device</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>predicted {size}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Menus</name>
    <message>
        <source>&amp;File</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open &amp;recent</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Export</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Run</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Panels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Theme</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Language</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>MessageBar</name>
    <message>
        <source>Dismiss</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Dismiss this message</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>NoticeCard</name>
    <message>
        <source>Notice at {time}: {message}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Shows this moment on the plot</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Raise budget</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sets the job&apos;s budget above what was used here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Re-plan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Plans the job anew within its budget</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Notices</name>
    <message>
        <source>memory is above the budget line: {used} of {budget}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>memory is above 90 % of the budget line: {used} of {budget}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>NoticesView</name>
    <message>
        <source>Notices</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing to report. Budget crossings, retries and jitters are listed here.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Opener</name>
    <message>
        <source>Open {name}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Operators</name>
    <message>
        <source>Linear</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ridge regression between the normalised features, mixed with the identity; closed form</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Weak-nonlinear</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A two-branch network trained on the pairs; samples are pushed through it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Attention (Hopfield)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Exact top-k attention over the drift of the pairs; samples are pushed through it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>RFF linear attention</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Random Fourier features: the linear-time approximation of the attention</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>OperatorsForm</name>
    <message>
        <source>Settings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Settings of {operator}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Operators</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose operators</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Pages</name>
    <message>
        <source>Welcome</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Run</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Compare</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ablation</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tuner</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>PlanTable</name>
    <message>
        <source>Plan of the job</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a source to see the plan of its run.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Policy {policy}, budget {budget}: at most {bound}, about {time}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>unlimited</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>PlotTools</name>
    <message>
        <source>Pause</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stops the view, not the capture (Space)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Zoom to region</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Shows the selected stretch of time alone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reset view</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Shows the whole run (Home)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Table</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The data of the plot as a table</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The plot as a picture, its data as CSV</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Picture (PNG)...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vector picture (SVG)...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Data (CSV)...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Resume</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>PolicyForm</name>
    <message>
        <source>Planned</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The leanest plan that is within a tenth of the fastest that fits. The default.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tuned</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>As planned, with what short trials measured on this machine.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Adaptive</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The original rule: 128 below half of the budget, 64, and 32 above four fifths.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fixed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Always this many queries at a time.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Chunk policy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Chunk</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Queries that the attention handles at a time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Set chunk</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Set chunk policy</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>PreferencesDialog</name>
    <message>
        <source>Preferences</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Theme</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Language</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Panels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Recorded runs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Settings file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reset layout</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open the folder of: {what}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>As the desktop</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Light</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Dark</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Problems</name>
    <message>
        <source>Something in the window failed: {error}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>You can go on working. This is a defect: please report it with the details.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ProgressPanel</name>
    <message>
        <source>Cancel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ends the run; what was measured is kept</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Progress of the run</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Progress of the stage</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{time} so far</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{stage}: {done} of {total} {unit}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>about {time} left</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no budget</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>budget {size}, kept</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>budget {size}, passed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>budget {size}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Starting...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Running</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Finished</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Failed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancelled</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Interrupted: the engine ended before the run did</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{status} after {time}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>steps</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>classes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>rows</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>samples</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>pairs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>images</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ReadoutPanel</name>
    <message>
        <source>Peak, by counter</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>From the peak counters, not from samples, which may miss a short peak</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Peak of {counter}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>At {time}, {stage}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>At {time}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Latest, at {time}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No samples yet</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>RegionPanel</name>
    <message>
        <source>Statistics of the selected region</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drag over the plot with Shift held to select a stretch of time.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{start} to {end}: {seconds}, {samples} samples. {stages}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>curve</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>minimum</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>maximum</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>mean</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>change</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Region</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ResultsView</name>
    <message>
        <source>Accuracy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Deviation</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Jitter</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Classifier</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Classifier of the plot</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Accuracy of each variant and classifier after the last task</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Deviation of the moved statistics</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Jitter of each class</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Compare with a class state...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>After task {task}, over all classes seen.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No accuracies yet. The demo, and files with an evaluation file, measure them after each task.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Relative Frobenius deviation from {base}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How far the moved statistics are from those of another run or of an oracle.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This run wrote no class state. Set &apos;Moved state&apos; in the job to keep one for comparison.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>variant</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>classes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>mean</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>covariance</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>worst mean</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>of class</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>worst covariance</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>(unnamed)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Added to the diagonal of a covariance until it had a Cholesky factor.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No class needed jitter: every covariance had its Cholesky factor as it was.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The jitter of each class is known when the run has finished.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>operator</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>class</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>jitter</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>RunOptions</name>
    <message>
        <source>Choose where the moved state is written</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Set output</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Runs</name>
    <message>
        <source>{source}, baseline</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{source}, optimised</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>demo</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>feature files</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>synthetic workload</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>model pair</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Settings</name>
    <message>
        <source>Ridge γ</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Added to the diagonal of the features&apos; Gram matrix</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Mixing temperature T</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The identity&apos;s share is exp(−N / (T d))</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Covariance ridge</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Added to the diagonal of the moved covariance</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Training steps</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Steps of AdamW on the two-branch network</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Training batch</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pairs of one training step, drawn with replacement</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Learning rate</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>At the start; falls to a third by a cosine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Weight decay</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Of AdamW</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Samples of a class</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drawn from the class&apos;s Gaussian and pushed through the operator</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Temperature τ</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Divides the similarities before the softmax</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Neighbours k</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Only the k most similar pairs have a weight</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Share of the old mean</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>0 takes the moved mean alone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Share of the old covariance</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>0 takes the moved covariance alone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Move means only</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Covariances stay as they are</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Random features D</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>More of them approximate the attention better</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Kernel width γ</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Of the approximated kernel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cholesky regulariser</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Added to the diagonal of a covariance before samples are drawn</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pairs N</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rows of features before and after the task</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Dimension d</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Columns of the features</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Old classes C</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Gaussians to move</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tasks</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tasks of two digits each, learnt one after another</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Feature file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>.npz or .safetensors with features_before and features_after</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Class state</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>.safetensors with means and covariances</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Evaluation file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Optional: features and labels, for accuracies</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Base model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Folder of the vision transformer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Adapter before</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Folder of the LoRA adapter before the task; empty: the base alone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Adapter after</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Folder of the LoRA adapter after the task</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Images</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A folder with one folder a class</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Auxiliary images</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Optional: a folder of images without labels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Seed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Of every random number of the run</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>CPU threads</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>0 leaves the choice to PyTorch</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Samples a second</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Of the memory curve; 0 records none</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Engine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The baseline is the original implementation, whole</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Device</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Where the run computes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Moved state</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Where the moved class state is written; empty: nowhere</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Triangles only</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stores covariances in half the space</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Resume</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keeps what a failed run has finished beside the state and goes on from there</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>LDA shrinkage</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Towards the identity</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>LR-RGDA rank</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Directions kept of each covariance</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>SettingsGroup</name>
    <message>
        <source>Set {setting}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ShortcutSheet</name>
    <message>
        <source>Keyboard shortcuts</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>SizeEdit</name>
    <message>
        <source>Memory budget</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A size such as 256MiB, 8GB or 0.5g, or &apos;unlimited&apos;</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>unlimited</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>SourceForm</name>
    <message>
        <source>Source</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Demo: handwritten digits</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A small vision transformer learns the digits task by task. About a minute.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Feature files</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Features of the same images before and after a task, and the statistics of the old classes.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Model pair</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Features are extracted from images with the model before and after a task.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Synthetic workload</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Features and Gaussians from the seed, to try sizes without data.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose source</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>SourcePage</name>
    <message>
        <source>Preset</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>own sizes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look for: {what}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Set {setting}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose preset</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>StageBars</name>
    <message>
        <source>fits</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>binds</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>too big</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Predicted peak of each stage</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{stage}: {peak} predicted, at most {bound}, {time}, {verdict}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>StatusLine</name>
    <message>
        <source>Ready</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Starting</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Running</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Finished</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Failed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancelled</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Interrupted</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Progress of the run</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tensors of the engine on the compute device, and resident memory of its process</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{time} left</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{allocated} allocated, {rss} RSS</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>CPU, {total} RAM</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Without a CUDA device, the compute device is the CPU</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name}: {used} of {total} in use</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All programs together</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Other programs hold {size}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>StudyBar</name>
    <message>
        <source>Start</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Resume</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Goes on from what an earlier study of this job has measured</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ends the study; finished runs are kept and can be resumed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Progress of the study</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{done} of {total} runs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>about {time} left</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} runs are already measured</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Tables</name>
    <message>
        <source>peak allocated</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>peak reserved</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>peak RSS</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>budget</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>within budget</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>accuracy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>metric</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>difference</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ratio</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>started</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>run</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>status</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>engine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>source</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>operators</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>note</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no effect here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{least} to {most}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>alone off</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>alone on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>cumulated</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>chosen</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>measured earlier</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>measure</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>switched</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>expected saving</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What the original plan hoped for</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>measured saving</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>spread</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>saved</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>change in time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>change in accuracy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>stage</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choice</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>peak</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>predicted time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not ended</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>done</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not finished</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>predicted peak</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>state</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>at most</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>share of budget</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>smallest budget</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>binds</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>at</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>kind</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>message</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>variant</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} (no compensation)</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Tour</name>
    <message>
        <source>Tour of the window</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Back</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Done</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Next</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{step} of {steps}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The job</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose what to compute and hold it below a budget. Files can be dropped anywhere in the window, and every change can be undone.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The forecast</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Before anything runs: predicted peak and time of every stage, the stage that binds, and the smallest budget that would do.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The run</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Memory over time while the run goes. Drag the budget line; hover for every value; drag a region for its statistics. Peaks come from counters, not from samples.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Comparison</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Run the original and the optimised engine one after the other, or lay recorded runs over each other, with signed differences.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The history</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Every run is recorded. Search, note, reopen, compare, delete. Ctrl+Shift+P finds any action, F1 lists the keys.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>TunerPage</name>
    <message>
        <source>What more memory would buy: the fastest plan for every peak. Short trials replace predicted times.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Trials</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Minutes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The study ends when either is spent</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Points of the frontier</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Apply this point</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sets the job&apos;s budget and plan to those of the chosen point; undoable</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export TOML...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The tuned configuration, for the command line and for scripts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>peak bytes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>time, s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>plan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>measured</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>yes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>predicted</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Frontier</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a point to see what it needs.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{peak}, {time} {how}. {plan}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>WelcomePage</name>
    <message>
        <source>Nothing yet. What you open or run is listed here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Welcome</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Distribution compensation inside your memory budget</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>See what a run will need before it starts, hold it below a budget, watch it, and compare it with the original engine.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Run the demo</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open a file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New run</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tour in five steps</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>or drop here: features, a class state, a configuration (.toml), a run (.slora)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Recent</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keys</source>
        <translation type="unfinished"></translation>
    </message>
</context>
</TS>
