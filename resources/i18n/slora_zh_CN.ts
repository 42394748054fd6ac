<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN">
<context>
    <name>AblationDesk</name>
    <message>
        <source>{case}: {failure}</source>
        <translation>{case}：{failure}</translation>
    </message>
</context>
<context>
    <name>AblationPage</name>
    <message>
        <source>Every memory measure off alone, on alone, and added one after another in the original plan&apos;s order: the saving that the plan expects beside the one measured here.</source>
        <translation>每项显存措施单独关闭、单独启用，以及按原方案顺序逐项叠加：方案预期的节省与此处实测的节省并列显示。</translation>
    </message>
    <message>
        <source>Not measured yet for this job. Start runs it many times, each in a fresh process.</source>
        <translation>此作业尚未测量。“开始”会多次运行它，每次都在全新的进程中。</translation>
    </message>
    <message>
        <source>Repeats</source>
        <translation>重复次数</translation>
    </message>
    <message>
        <source>Runs of each combination; tables show their median and spread</source>
        <translation>每种组合的运行次数；表中显示中位数与离散程度</translation>
    </message>
    <message>
        <source>Export CSV...</source>
        <translation>导出 CSV…</translation>
    </message>
    <message>
        <source>Overview</source>
        <translation>概览</translation>
    </message>
    <message>
        <source>Expected and measured saving of each measure</source>
        <translation>每项措施的预期节省与实测节省</translation>
    </message>
    <message>
        <source>Off alone</source>
        <translation>单独关闭</translation>
    </message>
    <message>
        <source>Each measure alone off, all others on</source>
        <translation>每项措施单独关闭，其余全部启用</translation>
    </message>
    <message>
        <source>On alone</source>
        <translation>单独启用</translation>
    </message>
    <message>
        <source>Each measure alone on, all others off</source>
        <translation>每项措施单独启用，其余全部关闭</translation>
    </message>
    <message>
        <source>Cumulated</source>
        <translation>逐项叠加</translation>
    </message>
    <message>
        <source>Measures added one after another, in the order of priority</source>
        <translation>按优先级逐项加入各措施</translation>
    </message>
    <message>
        <source>measure</source>
        <translation>措施</translation>
    </message>
    <message>
        <source>expected saving</source>
        <translation>预期节省</translation>
    </message>
    <message>
        <source>alone off</source>
        <translation>单独关闭</translation>
    </message>
    <message>
        <source>alone on</source>
        <translation>单独启用</translation>
    </message>
    <message>
        <source>cumulated</source>
        <translation>逐项叠加</translation>
    </message>
    <message>
        <source>expected</source>
        <translation>预期</translation>
    </message>
    <message>
        <source>saved</source>
        <translation>节省</translation>
    </message>
    <message>
        <source>peak without</source>
        <translation>不含时峰值</translation>
    </message>
    <message>
        <source>peak with</source>
        <translation>含时峰值</translation>
    </message>
    <message>
        <source>reserved without</source>
        <translation>不含时保留</translation>
    </message>
    <message>
        <source>reserved with</source>
        <translation>含时保留</translation>
    </message>
    <message>
        <source>change of time</source>
        <translation>时间变化</translation>
    </message>
    <message>
        <source>deviation</source>
        <translation>偏差</translation>
    </message>
    <message>
        <source>accuracy</source>
        <translation>准确率</translation>
    </message>
    <message>
        <source>effect</source>
        <translation>效果</translation>
    </message>
</context>
<context>
    <name>About</name>
    <message>
        <source>About SLoRA</source>
        <translation>关于 SLoRA</translation>
    </message>
    <message>
        <source>Distribution compensation inside a memory budget: plan, run, measure, compare.

Python {python}, Qt {qt}, PySide {pyside}, pyqtgraph {pyqtgraph}

Licence: MIT. The font is a cut of Noto Sans CJK (SIL Open Font License 1.1).</source>
        <translation>在显存预算内完成分布补偿：规划、运行、测量、比较。

Python {python}、Qt {qt}、PySide {pyside}、pyqtgraph {pyqtgraph}

许可证：MIT。字体裁自 Noto Sans CJK（SIL Open Font License 1.1）。</translation>
    </message>
</context>
<context>
    <name>AccuracyPlot</name>
    <message>
        <source>Accuracy by task</source>
        <translation>各任务的准确率</translation>
    </message>
    <message>
        <source>Accuracy of each variant by task</source>
        <translation>各变体在每个任务后的准确率</translation>
    </message>
    <message>
        <source>task</source>
        <translation>任务</translation>
    </message>
    <message>
        <source>Accuracy with {classifier}</source>
        <translation>{classifier} 的准确率</translation>
    </message>
    <message>
        <source>No accuracies yet. They appear as tasks finish.</source>
        <translation>暂无准确率。任务完成后会逐一显示。</translation>
    </message>
</context>
<context>
    <name>Actions</name>
    <message>
        <source>New job</source>
        <translation>新建作业</translation>
    </message>
    <message>
        <source>Set every setting of the job back to its default</source>
        <translation>将作业的所有设置恢复为默认值</translation>
    </message>
    <message>
        <source>Open…</source>
        <translation>打开…</translation>
    </message>
    <message>
        <source>Open a feature file, a class state, a configuration or a run</source>
        <translation>打开特征文件、类状态、配置或运行记录</translation>
    </message>
    <message>
        <source>Save configuration…</source>
        <translation>保存配置…</translation>
    </message>
    <message>
        <source>Write the job as a TOML file that the command line reads too</source>
        <translation>将作业写成 TOML 文件，命令行也可读取</translation>
    </message>
    <message>
        <source>Report as PDF…</source>
        <translation>PDF 报告…</translation>
    </message>
    <message>
        <source>Write a report of the runs on show: figures, tables and curves</source>
        <translation>为当前显示的运行生成报告：数据、表格与曲线</translation>
    </message>
    <message>
        <source>Tables as CSV…</source>
        <translation>CSV 表格…</translation>
    </message>
    <message>
        <source>Write runs, stages, samples, accuracies and comparison as CSV files</source>
        <translation>将运行、阶段、采样、准确率与比较写成 CSV 文件</translation>
    </message>
    <message>
        <source>Plot as PNG…</source>
        <translation>图表另存为 PNG…</translation>
    </message>
    <message>
        <source>Plot as SVG…</source>
        <translation>图表另存为 SVG…</translation>
    </message>
    <message>
        <source>Plot data as CSV…</source>
        <translation>图表数据另存为 CSV…</translation>
    </message>
    <message>
        <source>Copy plot</source>
        <translation>复制图表</translation>
    </message>
    <message>
        <source>Put a picture of the plot on the clipboard</source>
        <translation>将图表的图片放到剪贴板</translation>
    </message>
    <message>
        <source>Python snippet…</source>
        <translation>Python 代码片段…</translation>
    </message>
    <message>
        <source>Write Python code that runs this job without the window</source>
        <translation>生成无需窗口即可运行此作业的 Python 代码</translation>
    </message>
    <message>
        <source>Copy Python snippet</source>
        <translation>复制 Python 代码片段</translation>
    </message>
    <message>
        <source>Put Python code that runs this job on the clipboard</source>
        <translation>将运行此作业的 Python 代码放到剪贴板</translation>
    </message>
    <message>
        <source>Copy command line</source>
        <translation>复制命令行</translation>
    </message>
    <message>
        <source>Put the shell command that runs this job on the clipboard</source>
        <translation>将运行此作业的命令放到剪贴板</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>退出</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>重做</translation>
    </message>
    <message>
        <source>Note on this run…</source>
        <translation>此运行的备注…</translation>
    </message>
    <message>
        <source>Write a note into the file of the run on show</source>
        <translation>在当前运行的文件中写入备注</translation>
    </message>
    <message>
        <source>Preferences…</source>
        <translation>首选项…</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>Run this job in a process of its own and record it</source>
        <translation>在独立进程中运行此作业并记录</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Stop the run; what was measured is kept</source>
        <translation>停止运行；已测量的数据会保留</translation>
    </message>
    <message>
        <source>Run baseline and optimised</source>
        <translation>运行基线与优化引擎</translation>
    </message>
    <message>
        <source>Run the original and the optimised engine one after the other and compare them</source>
        <translation>依次运行原始引擎与优化引擎并加以比较</translation>
    </message>
    <message>
        <source>Run the demo</source>
        <translation>运行演示</translation>
    </message>
    <message>
        <source>Five tasks of handwritten digits, about a minute</source>
        <translation>五个手写数字任务，约一分钟</translation>
    </message>
    <message>
        <source>Welcome</source>
        <translation>欢迎</translation>
    </message>
    <message>
        <source>Run on show</source>
        <translation>当前运行</translation>
    </message>
    <message>
        <source>Comparison</source>
        <translation>比较</translation>
    </message>
    <message>
        <source>Ablation</source>
        <translation>消融</translation>
    </message>
    <message>
        <source>Tuner</source>
        <translation>调优</translation>
    </message>
    <message>
        <source>Search the history</source>
        <translation>搜索历史</translation>
    </message>
    <message>
        <source>Find, reopen, compare and delete earlier runs</source>
        <translation>查找、重新打开、比较和删除以往的运行</translation>
    </message>
    <message>
        <source>Pause the view</source>
        <translation>暂停视图</translation>
    </message>
    <message>
        <source>Hold the plot still; measuring goes on</source>
        <translation>图表静止，测量继续</translation>
    </message>
    <message>
        <source>Zoom to region</source>
        <translation>缩放到选区</translation>
    </message>
    <message>
        <source>Show all of the plot</source>
        <translation>显示整个图表</translation>
    </message>
    <message>
        <source>Full screen</source>
        <translation>全屏</translation>
    </message>
    <message>
        <source>Reset layout</source>
        <translation>重置布局</translation>
    </message>
    <message>
        <source>Put every panel back where it was at first</source>
        <translation>将所有面板恢复到初始位置</translation>
    </message>
    <message>
        <source>As the desktop</source>
        <translation>跟随桌面</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>Command palette…</source>
        <translation>命令面板…</translation>
    </message>
    <message>
        <source>Find any action by typing a few letters of it</source>
        <translation>键入几个字母即可找到任意操作</translation>
    </message>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>键盘快捷键</translation>
    </message>
    <message>
        <source>Tour of the window</source>
        <translation>窗口导览</translation>
    </message>
    <message>
        <source>Five steps through the window</source>
        <translation>五步了解窗口</translation>
    </message>
    <message>
        <source>About SLoRA</source>
        <translation>关于 SLoRA</translation>
    </message>
    <message>
        <source>Undo: {what}</source>
        <translation>撤销：{what}</translation>
    </message>
    <message>
        <source>Redo: {what}</source>
        <translation>重做：{what}</translation>
    </message>
</context>
<context>
    <name>BudgetControl</name>
    <message>
        <source>Memory budget, logarithmic</source>
        <translation>显存预算（对数刻度）</translation>
    </message>
    <message>
        <source>What the run may take of the compute device; the far right is unlimited</source>
        <translation>运行可占用的计算设备内存；最右端为不限</translation>
    </message>
    <message>
        <source>Sets the smallest budget in which this run can be done</source>
        <translation>设为此运行可行的最小预算</translation>
    </message>
    <message>
        <source>Set budget</source>
        <translation>设置预算</translation>
    </message>
    <message>
        <source>Set {size}</source>
        <translation>设为 {size}</translation>
    </message>
    <message>
        <source>Too small: this run needs at least {size}.</source>
        <translation>太小：此运行至少需要 {size}。</translation>
    </message>
    <message>
        <source>Smallest that will do: {size}.</source>
        <translation>可行的最小值：{size}。</translation>
    </message>
</context>
<context>
    <name>Cases</name>
    <message>
        <source>All measures on</source>
        <translation>全部措施开启</translation>
    </message>
    <message>
        <source>All measures off</source>
        <translation>全部措施关闭</translation>
    </message>
    <message>
        <source>{measure} alone off</source>
        <translation>仅关闭{measure}</translation>
    </message>
    <message>
        <source>{measure} alone on</source>
        <translation>仅开启{measure}</translation>
    </message>
    <message>
        <source>The first {count} measures on</source>
        <translation>开启前 {count} 项措施</translation>
    </message>
</context>
<context>
    <name>Choices</name>
    <message>
        <source>batch</source>
        <translation>批</translation>
    </message>
    <message>
        <source>block steps</source>
        <translation>块步数</translation>
    </message>
    <message>
        <source>chunk</source>
        <translation>块</translation>
    </message>
    <message>
        <source>classes</source>
        <translation>类</translation>
    </message>
    <message>
        <source>held</source>
        <translation>保留</translation>
    </message>
    <message>
        <source>least rows</source>
        <translation>最少行数</translation>
    </message>
    <message>
        <source>materialised</source>
        <translation>整体展开</translation>
    </message>
    <message>
        <source>panel</source>
        <translation>面板</translation>
    </message>
    <message>
        <source>pinned</source>
        <translation>锁页</translation>
    </message>
    <message>
        <source>read ahead</source>
        <translation>预读</translation>
    </message>
    <message>
        <source>resident</source>
        <translation>常驻</translation>
    </message>
    <message>
        <source>rows</source>
        <translation>行</translation>
    </message>
    <message>
        <source>strip</source>
        <translation>条带</translation>
    </message>
    <message>
        <source>tiles</source>
        <translation>分块</translation>
    </message>
</context>
<context>
    <name>CommandPalette</name>
    <message>
        <source>Command palette</source>
        <translation>命令面板</translation>
    </message>
    <message>
        <source>Type a few letters of an action</source>
        <translation>键入操作的几个字母</translation>
    </message>
    <message>
        <source>Action</source>
        <translation>操作</translation>
    </message>
    <message>
        <source>Actions</source>
        <translation>操作</translation>
    </message>
    <message>
        <source>No action of that name can be used now</source>
        <translation>当前没有可用的同名操作</translation>
    </message>
</context>
<context>
    <name>CompareDesk</name>
    <message>
        <source>Add a run</source>
        <translation>添加运行</translation>
    </message>
    <message>
        <source>Runs (*.slora)</source>
        <translation>运行记录 (*.slora)</translation>
    </message>
    <message>
        <source>Both engines have run; their moved statistics differ by {deviation} at most.</source>
        <translation>两个引擎均已运行；补偿后的统计量最多相差 {deviation}。</translation>
    </message>
</context>
<context>
    <name>ComparePage</name>
    <message>
        <source>Runs that are compared</source>
        <translation>参与比较的运行</translation>
    </message>
    <message>
        <source>Add run...</source>
        <translation>添加运行…</translation>
    </message>
    <message>
        <source>A run file; it can be dropped on this page as well</source>
        <translation>运行文件；也可直接拖放到此页</translation>
    </message>
    <message>
        <source>Make base</source>
        <translation>设为基准</translation>
    </message>
    <message>
        <source>Differences and ratios are taken against the base</source>
        <translation>差值与比值均相对于基准</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Takes the run off this page; its file stays</source>
        <translation>将运行移出此页；文件保留</translation>
    </message>
    <message>
        <source>Run baseline and optimised</source>
        <translation>运行基线与优化引擎</translation>
    </message>
    <message>
        <source>Runs the job with the original and with the optimised engine</source>
        <translation>分别用原始引擎与优化引擎运行此作业</translation>
    </message>
    <message>
        <source>Report...</source>
        <translation>报告…</translation>
    </message>
    <message>
        <source>This comparison as PDF or CSV</source>
        <translation>将此比较导出为 PDF 或 CSV</translation>
    </message>
    <message>
        <source>Over</source>
        <translation>横轴</translation>
    </message>
    <message>
        <source>Counter</source>
        <translation>计数器</translation>
    </message>
    <message>
        <source>time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>stages</source>
        <translation>阶段</translation>
    </message>
    <message>
        <source>Curves over</source>
        <translation>曲线横轴</translation>
    </message>
    <message>
        <source>The compared curves as a table</source>
        <translation>以表格显示比较曲线</translation>
    </message>
    <message>
        <source>Overall</source>
        <translation>总体</translation>
    </message>
    <message>
        <source>Operators</source>
        <translation>算子</translation>
    </message>
    <message>
        <source>Stages</source>
        <translation>阶段</translation>
    </message>
    <message>
        <source>Accuracy</source>
        <translation>准确率</translation>
    </message>
    <message>
        <source>Comparison: {group}</source>
        <translation>比较：{group}</translation>
    </message>
    <message>
        <source>{run} (base)</source>
        <translation>{run}（基准）</translation>
    </message>
    <message>
        <source>Two or more runs are needed: run the baseline and the optimised engine, or add recorded runs.</source>
        <translation>需要两个或更多运行：运行基线与优化引擎，或添加已有记录。</translation>
    </message>
</context>
<context>
    <name>ComparePlot</name>
    <message>
        <source>Peaks by stage</source>
        <translation>各阶段峰值</translation>
    </message>
    <message>
        <source>Samples by run</source>
        <translation>各运行的采样</translation>
    </message>
    <message>
        <source>Memory of the compared runs</source>
        <translation>参与比较的运行的内存</translation>
    </message>
    <message>
        <source>Plus and minus zoom, left and right move, Home shows everything</source>
        <translation>加减键缩放，左右键移动，Home 显示全部</translation>
    </message>
    <message>
        <source>not available: {runs}</source>
        <translation>不可用：{runs}</translation>
    </message>
    <message>
        <source>Choose two runs or more to see them over each other.</source>
        <translation>选择两个或更多运行以叠加显示。</translation>
    </message>
</context>
<context>
    <name>Comparison</name>
    <message>
        <source>run</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>, </source>
        <translation>，</translation>
    </message>
</context>
<context>
    <name>Controller</name>
    <message>
        <source>Set up the demo</source>
        <translation>设置演示</translation>
    </message>
    <message>
        <source>New job</source>
        <translation>新建作业</translation>
    </message>
    <message>
        <source>{name} is in the job now.</source>
        <translation>{name} 已加入作业。</translation>
    </message>
    <message>
        <source>{name} are in the job now.</source>
        <translation>{name} 已加入作业。</translation>
    </message>
    <message>
        <source>All that SLoRA reads (*.slora *.toml *.npz *.safetensors);;All files (*)</source>
        <translation>SLoRA 可读取的文件 (*.slora *.toml *.npz *.safetensors);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
</context>
<context>
    <name>Counters</name>
    <message>
        <source>Allocated</source>
        <translation>已分配</translation>
    </message>
    <message>
        <source>Live tensors on the compute device</source>
        <translation>计算设备上的存活张量</translation>
    </message>
    <message>
        <source>Reserved</source>
        <translation>已保留</translation>
    </message>
    <message>
        <source>What the pool of the allocator holds; the budget bounds it</source>
        <translation>分配器内存池的占用；预算限制的就是它</translation>
    </message>
    <message>
        <source>Process</source>
        <translation>进程</translation>
    </message>
    <message>
        <source>Pool, context and libraries, from the driver</source>
        <translation>内存池、上下文与库，由驱动报告</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>All processes on the device together</source>
        <translation>设备上所有进程之和</translation>
    </message>
    <message>
        <source>RSS</source>
        <translation>RSS</translation>
    </message>
    <message>
        <source>Resident memory of the process of the engine</source>
        <translation>引擎进程的常驻内存</translation>
    </message>
    <message>
        <source>Tensor RAM</source>
        <translation>张量内存</translation>
    </message>
    <message>
        <source>Live tensors of the engine in host memory</source>
        <translation>主机内存中引擎的存活张量</translation>
    </message>
</context>
<context>
    <name>Curves</name>
    <message>
        <source>allocated</source>
        <translation>已分配</translation>
    </message>
    <message>
        <source>reserved</source>
        <translation>已保留</translation>
    </message>
    <message>
        <source>process</source>
        <translation>进程</translation>
    </message>
    <message>
        <source>whole device</source>
        <translation>整个设备</translation>
    </message>
    <message>
        <source>RSS</source>
        <translation>RSS</translation>
    </message>
    <message>
        <source>tensor RAM</source>
        <translation>张量内存</translation>
    </message>
    <message>
        <source>Live tensors of the engine on the compute device</source>
        <translation>计算设备上引擎的存活张量</translation>
    </message>
    <message>
        <source>The allocator&apos;s pool: what other programs cannot have</source>
        <translation>分配器的内存池：其他程序无法使用的部分</translation>
    </message>
    <message>
        <source>Pool, context and libraries of the engine&apos;s process</source>
        <translation>引擎进程的内存池、上下文与库</translation>
    </message>
    <message>
        <source>Everything on the device, other processes included</source>
        <translation>设备上的全部占用，包括其他进程</translation>
    </message>
    <message>
        <source>Resident host memory of the engine&apos;s process</source>
        <translation>引擎进程的主机常驻内存</translation>
    </message>
    <message>
        <source>Live tensors of the engine in host memory</source>
        <translation>主机内存中引擎的存活张量</translation>
    </message>
</context>
<context>
    <name>DevicePicker</name>
    <message>
        <source>Device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>Where the run computes</source>
        <translation>运行所用的计算设备</translation>
    </message>
    <message>
        <source>CPU</source>
        <translation>CPU</translation>
    </message>
    <message>
        <source>Automatic: {device}</source>
        <translation>自动：{device}</translation>
    </message>
    <message>
        <source>{device} (not found)</source>
        <translation>{device}（未找到）</translation>
    </message>
    <message>
        <source>Choose device</source>
        <translation>选择设备</translation>
    </message>
</context>
<context>
    <name>Dialogs</name>
    <message>
        <source>Note on this run</source>
        <translation>此运行的备注</translation>
    </message>
    <message>
        <source>The note is kept in the run&apos;s file.</source>
        <translation>备注保存在运行文件中。</translation>
    </message>
    <message>
        <source>A run is under way</source>
        <translation>运行正在进行</translation>
    </message>
    <message>
        <source>Cancel the run and close? What was measured so far is kept.</source>
        <translation>取消运行并关闭吗？已测量的数据会保留。</translation>
    </message>
    <message>
        <source>Cancel the run and close</source>
        <translation>取消运行并关闭</translation>
    </message>
    <message>
        <source>Keep running</source>
        <translation>继续运行</translation>
    </message>
</context>
<context>
    <name>Docks</name>
    <message>
        <source>Job</source>
        <translation>作业</translation>
    </message>
    <message>
        <source>Forecast</source>
        <translation>预测</translation>
    </message>
    <message>
        <source>Plan</source>
        <translation>计划</translation>
    </message>
    <message>
        <source>Notices</source>
        <translation>通知</translation>
    </message>
    <message>
        <source>Results</source>
        <translation>结果</translation>
    </message>
    <message>
        <source>History</source>
        <translation>历史</translation>
    </message>
</context>
<context>
    <name>Effects</name>
    <message>
        <source>, </source>
        <translation>，</translation>
    </message>
    <message>
        <source>no effect</source>
        <translation>无作用</translation>
    </message>
    <message>
        <source>no effect: {reason}</source>
        <translation>无作用：{reason}</translation>
    </message>
    <message>
        <source>no model runs</source>
        <translation>不运行模型</translation>
    </message>
    <message>
        <source>no model is trained</source>
        <translation>不训练模型</translation>
    </message>
    <message>
        <source>no notable effect</source>
        <translation>无明显作用</translation>
    </message>
    <message>
        <source>saves {share} of the peak</source>
        <translation>节省峰值的 {share}</translation>
    </message>
    <message>
        <source>takes {factor} times the peak</source>
        <translation>峰值增至 {factor} 倍</translation>
    </message>
    <message>
        <source>saves {share} of {stage} only</source>
        <translation>仅节省 {stage} 的 {share}</translation>
    </message>
    <message>
        <source>{share} slower</source>
        <translation>慢 {share}</translation>
    </message>
    <message>
        <source>{share} faster</source>
        <translation>快 {share}</translation>
    </message>
    <message>
        <source>accuracy {change} points</source>
        <translation>准确率 {change} 个百分点</translation>
    </message>
    <message>
        <source>not measured</source>
        <translation>未测量</translation>
    </message>
</context>
<context>
    <name>ErrorDialog</name>
    <message>
        <source>Something went wrong</source>
        <translation>出现问题</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>详细信息</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copy what happened and the details</source>
        <translation>复制问题说明与详细信息</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Hide details</source>
        <translation>隐藏详细信息</translation>
    </message>
    <message>
        <source>Show details</source>
        <translation>显示详细信息</translation>
    </message>
</context>
<context>
    <name>ExportDesk</name>
    <message>
        <source>Save configuration</source>
        <translation>保存配置</translation>
    </message>
    <message>
        <source>Configuration (*.toml)</source>
        <translation>配置 (*.toml)</translation>
    </message>
    <message>
        <source>Save Python snippet</source>
        <translation>保存 Python 代码片段</translation>
    </message>
    <message>
        <source>Python (*.py)</source>
        <translation>Python (*.py)</translation>
    </message>
    <message>
        <source>The Python snippet is on the clipboard.</source>
        <translation>Python 代码片段已在剪贴板中。</translation>
    </message>
    <message>
        <source>The command line is on the clipboard.</source>
        <translation>命令行已在剪贴板中。</translation>
    </message>
    <message>
        <source>The plot is on the clipboard.</source>
        <translation>图表已在剪贴板中。</translation>
    </message>
    <message>
        <source>Picture (*.png)</source>
        <translation>图片 (*.png)</translation>
    </message>
    <message>
        <source>Vector drawing (*.svg)</source>
        <translation>矢量图 (*.svg)</translation>
    </message>
    <message>
        <source>Table (*.csv)</source>
        <translation>表格 (*.csv)</translation>
    </message>
    <message>
        <source>Export plot</source>
        <translation>导出图表</translation>
    </message>
    <message>
        <source>Export table</source>
        <translation>导出表格</translation>
    </message>
    <message>
        <source>Folder for the CSV tables</source>
        <translation>存放 CSV 表格的文件夹</translation>
    </message>
    <message>
        <source>Export report</source>
        <translation>导出报告</translation>
    </message>
    <message>
        <source>Report (*.pdf)</source>
        <translation>报告 (*.pdf)</translation>
    </message>
    <message>
        <source>Saved as {path}</source>
        <translation>已保存为 {path}</translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation>打开文件夹</translation>
    </message>
</context>
<context>
    <name>Figures</name>
    <message>
        <source>not available</source>
        <translation>不可用</translation>
    </message>
    <message>
        <source>{points} points</source>
        <translation>{points} 个百分点</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>是</translation>
    </message>
    <message>
        <source>no</source>
        <translation>否</translation>
    </message>
    <message>
        <source>unlimited</source>
        <translation>不限</translation>
    </message>
</context>
<context>
    <name>FileFacts</name>
    <message>
        <source>{height} × {width} pixels</source>
        <translation>{height} × {width} 像素</translation>
    </message>
    <message>
        <source>LoRA of rank {rank}</source>
        <translation>秩为 {rank} 的 LoRA</translation>
    </message>
    <message>
        <source>with labels</source>
        <translation>有标签</translation>
    </message>
    <message>
        <source>without labels</source>
        <translation>无标签</translation>
    </message>
    <message>
        <source>unpacked to a scratch file when it runs</source>
        <translation>运行时解压到临时文件</translation>
    </message>
    <message>
        <source>triangles</source>
        <translation>三角存储</translation>
    </message>
    <message>
        <source>1 entry</source>
        <translation>1 项</translation>
    </message>
    <message>
        <source>{count} entries</source>
        <translation>{count} 项</translation>
    </message>
</context>
<context>
    <name>ForecastPanel</name>
    <message>
        <source>Forecast</source>
        <translation>预测</translation>
    </message>
    <message>
        <source>Plan as a table</source>
        <translation>以表格查看计划</translation>
    </message>
    <message>
        <source>What the chunk policy chose for every stage</source>
        <translation>分块策略为每个阶段所作的选择</translation>
    </message>
    <message>
        <source>Predicted peak</source>
        <translation>预测峰值</translation>
    </message>
    <message>
        <source>At most</source>
        <translation>上限</translation>
    </message>
    <message>
        <source>The run is certified to stay below this</source>
        <translation>运行保证不超过此值</translation>
    </message>
    <message>
        <source>Predicted time</source>
        <translation>预测时间</translation>
    </message>
    <message>
        <source>Binding stage</source>
        <translation>瓶颈阶段</translation>
    </message>
    <message>
        <source>It sets the smallest feasible budget</source>
        <translation>它决定可行的最小预算</translation>
    </message>
    <message>
        <source>Smallest budget</source>
        <translation>最小预算</translation>
    </message>
    <message>
        <source>Original peak</source>
        <translation>原始峰值</translation>
    </message>
    <message>
        <source>Predicted for the seed implementation</source>
        <translation>原始实现的预测值</translation>
    </message>
    <message>
        <source>The baseline makes no plan and knows no budget. Predicted peak: {size}.</source>
        <translation>基线不做规划，也不受预算约束。预测峰值：{size}。</translation>
    </message>
    <message>
        <source>Choose a source to see what its run will need.</source>
        <translation>选择来源以查看运行所需。</translation>
    </message>
    <message>
        <source>No budget: the fastest plans may take what they need.</source>
        <translation>无预算：最快的计划可按需占用。</translation>
    </message>
    <message>
        <source>✓ Fits within {budget}.</source>
        <translation>✓ 可在 {budget} 内完成。</translation>
    </message>
    <message>
        <source>× {budget} is too small: {stage} needs at least {smallest}.</source>
        <translation>× {budget} 太小：{stage} 至少需要 {smallest}。</translation>
    </message>
    <message>
        <source>Set {size}</source>
        <translation>设为 {size}</translation>
    </message>
</context>
<context>
    <name>FrontierPlot</name>
    <message>
        <source>No plans yet. Tune to see peak memory against time.</source>
        <translation>暂无计划。调优后可查看峰值与时间的关系。</translation>
    </message>
    <message>
        <source>Peak memory against time</source>
        <translation>峰值内存与时间</translation>
    </message>
    <message>
        <source>Peak memory against time, one point a plan</source>
        <translation>峰值内存与时间，每点为一个计划</translation>
    </message>
    <message>
        <source>Left and right move along the plans, Enter applies one</source>
        <translation>左右键在计划间移动，回车应用</translation>
    </message>
    <message>
        <source>time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>peak memory</source>
        <translation>峰值内存</translation>
    </message>
    <message>
        <source>measured</source>
        <translation>实测</translation>
    </message>
    <message>
        <source>predicted</source>
        <translation>预测</translation>
    </message>
</context>
<context>
    <name>History</name>
    <message>
        <source>finished</source>
        <translation>已完成</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>cancelled</source>
        <translation>已取消</translation>
    </message>
    <message>
        <source>interrupted</source>
        <translation>已中断</translation>
    </message>
    <message>
        <source>running</source>
        <translation>运行中</translation>
    </message>
    <message>
        <source>unreadable</source>
        <translation>无法读取</translation>
    </message>
    <message>
        <source>Delete 1 run</source>
        <translation>删除 1 个运行</translation>
    </message>
    <message>
        <source>Delete {count} runs</source>
        <translation>删除 {count} 个运行</translation>
    </message>
    <message>
        <source>Note on {run}</source>
        <translation>{run} 的备注</translation>
    </message>
</context>
<context>
    <name>HistoryView</name>
    <message>
        <source>Search name, source, operators, status, date, note...</source>
        <translation>搜索名称、来源、算子、状态、日期、备注…</translation>
    </message>
    <message>
        <source>Search the history</source>
        <translation>搜索历史</translation>
    </message>
    <message>
        <source>Past runs</source>
        <translation>以往的运行</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>备注</translation>
    </message>
    <message>
        <source>A note on the selected run</source>
        <translation>所选运行的备注</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Shows the run as it was (Enter)</source>
        <translation>按原样显示运行（回车）</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>比较</translation>
    </message>
    <message>
        <source>Compares the selected runs; the first is the base</source>
        <translation>比较所选运行；第一个为基准</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Moves the selected runs to the trash; can be undone (Del)</source>
        <translation>将所选运行移到回收站；可撤销（Del）</translation>
    </message>
    <message>
        <source>No run matches.</source>
        <translation>没有匹配的运行。</translation>
    </message>
    <message>
        <source>No runs yet. Every run is kept here.</source>
        <translation>暂无运行。每次运行都会保存在此。</translation>
    </message>
</context>
<context>
    <name>JobDesk</name>
    <message>
        <source>Set budget</source>
        <translation>设置预算</translation>
    </message>
    <message>
        <source>Where to write the moved state</source>
        <translation>补偿后类状态的写入位置</translation>
    </message>
    <message>
        <source>Class state (*.safetensors)</source>
        <translation>类状态 (*.safetensors)</translation>
    </message>
    <message>
        <source>Choose output</source>
        <translation>选择输出</translation>
    </message>
    <message>
        <source>Choose a folder</source>
        <translation>选择文件夹</translation>
    </message>
    <message>
        <source>Choose a file</source>
        <translation>选择文件</translation>
    </message>
    <message>
        <source>Arrays (*.npz *.safetensors);;All files (*)</source>
        <translation>数组 (*.npz *.safetensors);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Choose {name}</source>
        <translation>选择 {name}</translation>
    </message>
    <message>
        <source>Raise budget</source>
        <translation>提高预算</translation>
    </message>
    <message>
        <source>Plan again</source>
        <translation>重新规划</translation>
    </message>
</context>
<context>
    <name>JobPanel</name>
    <message>
        <source>Source</source>
        <translation>来源</translation>
    </message>
    <message>
        <source>Operators</source>
        <translation>算子</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>Memory budget</source>
        <translation>显存预算</translation>
    </message>
    <message>
        <source>Chunk policy</source>
        <translation>分块策略</translation>
    </message>
    <message>
        <source>Memory measures</source>
        <translation>显存措施</translation>
    </message>
    <message>
        <source>Nine switches; all results stay the same</source>
        <translation>九个开关；结果均不变</translation>
    </message>
    <message>
        <source>Classifiers</source>
        <translation>分类器</translation>
    </message>
    <message>
        <source>Rebuilt from the moved statistics</source>
        <translation>由补偿后的统计量重建</translation>
    </message>
    <message>
        <source>Run and output</source>
        <translation>运行与输出</translation>
    </message>
    <message>
        <source>Seed, threads, sampling, output file</source>
        <translation>随机种子、线程、采样、输出文件</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>Run baseline and optimised</source>
        <translation>运行基线与优化引擎</translation>
    </message>
    <message>
        <source>Runs the original and the optimised engine and compares them</source>
        <translation>运行原始引擎与优化引擎并比较</translation>
    </message>
    <message>
        <source>A run is under way</source>
        <translation>运行正在进行</translation>
    </message>
    <message>
        <source>This job cannot run as it stands: see above and the forecast</source>
        <translation>此作业目前无法运行：请查看上方说明与预测</translation>
    </message>
    <message>
        <source>Runs this job in a process of its own and records it</source>
        <translation>在独立进程中运行此作业并记录</translation>
    </message>
</context>
<context>
    <name>Lists</name>
    <message>
        <source>, </source>
        <translation>、</translation>
    </message>
</context>
<context>
    <name>LivePage</name>
    <message>
        <source>Stages</source>
        <translation>阶段</translation>
    </message>
    <message>
        <source>Samples of the memory curve</source>
        <translation>内存曲线的采样</translation>
    </message>
    <message>
        <source>Region</source>
        <translation>选区</translation>
    </message>
    <message>
        <source>Processes</source>
        <translation>进程</translation>
    </message>
    <message>
        <source>The processes that share this run, side by side</source>
        <translation>共同完成此次运行的各进程，并列显示</translation>
    </message>
    <message>
        <source>Set budget</source>
        <translation>设置预算</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>Toolbar</source>
        <translation>工具栏</translation>
    </message>
    <message>
        <source>Pages</source>
        <translation>页面</translation>
    </message>
</context>
<context>
    <name>Measures</name>
    <message>
        <source>Smart feature cache</source>
        <translation>智能特征缓存</translation>
    </message>
    <message>
        <source>Features of images seen before are kept, least recently used out first</source>
        <translation>保留见过的图像特征，最久未用者先淘汰</translation>
    </message>
    <message>
        <source>Progressive release</source>
        <translation>渐进式释放</translation>
    </message>
    <message>
        <source>Extracted features leave the device batch by batch</source>
        <translation>提取的特征逐批移出设备</translation>
    </message>
    <message>
        <source>Tiled attention</source>
        <translation>分块注意力</translation>
    </message>
    <message>
        <source>The attention is computed in tiles that fit the budget</source>
        <translation>注意力按符合预算的分块计算</translation>
    </message>
    <message>
        <source>CPU/GPU split statistics</source>
        <translation>CPU/GPU 分工统计</translation>
    </message>
    <message>
        <source>Class statistics wait on the host and visit the device a batch at a time</source>
        <translation>类统计量存于主机，逐批进入设备</translation>
    </message>
    <message>
        <source>Budget manager</source>
        <translation>预算管理器</translation>
    </message>
    <message>
        <source>Chunk sizes follow the budget; without it they are the original&apos;s 128</source>
        <translation>分块大小随预算而定；否则为原始的 128</translation>
    </message>
    <message>
        <source>Release at stage borders</source>
        <translation>阶段间释放</translation>
    </message>
    <message>
        <source>What a stage leaves behind is given back</source>
        <translation>归还阶段遗留的内存</translation>
    </message>
    <message>
        <source>Mixed precision</source>
        <translation>混合精度</translation>
    </message>
    <message>
        <source>Half precision off the critical path; the one measure that changes results</source>
        <translation>非关键路径使用半精度；唯一会改变结果的措施</translation>
    </message>
    <message>
        <source>Activation checkpointing</source>
        <translation>激活检查点</translation>
    </message>
    <message>
        <source>Intermediate activations are computed again instead of kept</source>
        <translation>中间激活重新计算而不保留</translation>
    </message>
    <message>
        <source>Weak-nonlinear in chunks</source>
        <translation>弱非线性分块</translation>
    </message>
    <message>
        <source>Samples are pushed through the network a chunk at a time</source>
        <translation>样本逐块通过网络</translation>
    </message>
</context>
<context>
    <name>MeasuresForm</name>
    <message>
        <source>Switch &apos;{measure}&apos;</source>
        <translation>切换“{measure}”</translation>
    </message>
    <message>
        <source>expected {low}–{high} %</source>
        <translation>预期 {low}–{high} %</translation>
    </message>
    <message>
        <source>measured {percent:.1f} %</source>
        <translation>实测 {percent:.1f} %</translation>
    </message>
    <message>
        <source>changes results; all others do not</source>
        <translation>会改变结果；其余均不会</translation>
    </message>
</context>
<context>
    <name>MemoryPlot</name>
    <message>
        <source>view paused</source>
        <translation>视图已暂停</translation>
    </message>
    <message>
        <source>Memory samples</source>
        <translation>内存采样</translation>
    </message>
    <message>
        <source>Memory of the run over time</source>
        <translation>运行内存随时间的变化</translation>
    </message>
    <message>
        <source>Arrow keys move from sample to sample, plus and minus zoom, Home shows everything, B holds the budget</source>
        <translation>方向键逐个采样移动，加减键缩放，Home 显示全部，B 键选中预算线</translation>
    </message>
    <message>
        <source>Memory of the compute device</source>
        <translation>计算设备内存</translation>
    </message>
    <message>
        <source>Memory of the host</source>
        <translation>主机内存</translation>
    </message>
    <message>
        <source>No run yet. Start one or open a run file to see its memory here.</source>
        <translation>暂无运行。开始运行或打开运行文件后，此处显示其内存。</translation>
    </message>
    <message>
        <source>Compute device</source>
        <translation>计算设备</translation>
    </message>
    <message>
        <source>Tensor memory on the CPU, the compute device here</source>
        <translation>CPU 张量内存（此处的计算设备）</translation>
    </message>
    <message>
        <source>Host RAM</source>
        <translation>主机内存</translation>
    </message>
    <message>
        <source>budget {size}</source>
        <translation>预算 {size}</translation>
    </message>
    <message>
        <source>budget {size}, {share} % of device</source>
        <translation>预算 {size}，占设备 {share} %</translation>
    </message>
    <message>
        <source>predicted {size}</source>
        <translation>预测 {size}</translation>
    </message>
</context>
<context>
    <name>Menus</name>
    <message>
        <source>&amp;File</source>
        <translation>文件(&amp;F)</translation>
    </message>
    <message>
        <source>Open &amp;recent</source>
        <translation>最近打开(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Export</source>
        <translation>导出(&amp;E)</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>编辑(&amp;E)</translation>
    </message>
    <message>
        <source>&amp;Run</source>
        <translation>运行(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>视图(&amp;V)</translation>
    </message>
    <message>
        <source>&amp;Panels</source>
        <translation>面板(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Theme</source>
        <translation>主题(&amp;T)</translation>
    </message>
    <message>
        <source>&amp;Language</source>
        <translation>语言(&amp;L)</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>帮助(&amp;H)</translation>
    </message>
</context>
<context>
    <name>MessageBar</name>
    <message>
        <source>Dismiss</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Dismiss this message</source>
        <translation>关闭此消息</translation>
    </message>
</context>
<context>
    <name>NoticeCard</name>
    <message>
        <source>Notice at {time}: {message}</source>
        <translation>{time} 的通知：{message}</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>显示</translation>
    </message>
    <message>
        <source>Shows this moment on the plot</source>
        <translation>在图表上显示此刻</translation>
    </message>
    <message>
        <source>Raise budget</source>
        <translation>提高预算</translation>
    </message>
    <message>
        <source>Sets the job&apos;s budget above what was used here</source>
        <translation>将作业预算设为高于此处用量</translation>
    </message>
    <message>
        <source>Re-plan</source>
        <translation>重新规划</translation>
    </message>
    <message>
        <source>Plans the job anew within its budget</source>
        <translation>在预算内重新规划作业</translation>
    </message>
</context>
<context>
    <name>Notices</name>
    <message>
        <source>no model runs</source>
        <translation>不运行模型</translation>
    </message>
    <message>
        <source>no model is trained</source>
        <translation>不训练模型</translation>
    </message>
    <message>
        <source>the baseline knows none</source>
        <translation>基线没有此设置</translation>
    </message>
    <message>
        <source>the baseline takes none</source>
        <translation>基线不采用任何措施</translation>
    </message>
    <message>
        <source>Near the budget</source>
        <translation>接近预算</translation>
    </message>
    <message>
        <source>Above the budget</source>
        <translation>超过预算</translation>
    </message>
    <message>
        <source>Out of memory, tried again</source>
        <translation>内存不足，已重试</translation>
    </message>
    <message>
        <source>Jitter</source>
        <translation>抖动</translation>
    </message>
    <message>
        <source>Classes of one sample</source>
        <translation>单样本类别</translation>
    </message>
    <message>
        <source>File unpacked</source>
        <translation>文件已解压</translation>
    </message>
    <message>
        <source>Without effect</source>
        <translation>无作用</translation>
    </message>
    <message>
        <source>Outside the budget</source>
        <translation>预算之外</translation>
    </message>
    <message>
        <source>Another process</source>
        <translation>其他进程</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>Images left out</source>
        <translation>跳过的图像</translation>
    </message>
    <message>
        <source>Feature cache</source>
        <translation>特征缓存</translation>
    </message>
    <message>
        <source>Precision</source>
        <translation>精度</translation>
    </message>
    <message>
        <source>Planned again</source>
        <translation>已重新规划</translation>
    </message>
    <message>
        <source>Not recorded</source>
        <translation>未记录</translation>
    </message>
    <message>
        <source>Continued</source>
        <translation>续行</translation>
    </message>
    <message>
        <source>Begun again</source>
        <translation>已重新开始</translation>
    </message>
    <message>
        <source>Tuning not used</source>
        <translation>未采用调优</translation>
    </message>
    <message>
        <source>Trial failed</source>
        <translation>试验失败</translation>
    </message>
    <message>
        <source>Memory is above 90 % of the budget line: {used} of {budget}</source>
        <translation>内存超过预算线的 90 %：{used} / {budget}</translation>
    </message>
    <message>
        <source>Memory is above the budget line: {used} of {budget}</source>
        <translation>内存超过预算线：{used} / {budget}</translation>
    </message>
    <message>
        <source>Memory is above the budget: {used} of {budget}</source>
        <translation>内存已超出预算：{used}，预算 {budget}</translation>
    </message>
    <message>
        <source>1 class is finished and kept; the others go on with a smaller plan of {size}</source>
        <translation>已完成的 1 个类保留；其余以 {size} 的较小计划继续</translation>
    </message>
    <message>
        <source>{kept} classes are finished and kept; the others go on with a smaller plan of {size}</source>
        <translation>已完成的 {kept} 个类保留；其余以 {size} 的较小计划继续</translation>
    </message>
    <message>
        <source>It begins again with a smaller plan of {size}</source>
        <translation>以 {size} 的较小计划重新开始</translation>
    </message>
    <message>
        <source>The covariance of class {classes} needed a jitter of {jitter}</source>
        <translation>类别 {classes} 的协方差需要抖动：{jitter}</translation>
    </message>
    <message>
        <source>The covariances of {count} classes needed a jitter of at most {jitter}: {classes}</source>
        <translation>{count} 个类的协方差需要抖动，最大为 {jitter}：{classes}</translation>
    </message>
    <message>
        <source>Training precedes compensation: its memory is counted, and the budget does not bind it</source>
        <translation>训练先于补偿：其内存计入统计，但不受预算约束</translation>
    </message>
    <message>
        <source>Another process took {size} of the device during this run</source>
        <translation>运行期间，其他进程占用了设备的 {size}</translation>
    </message>
    <message>
        <source>1 file in the image folders is not named as an image</source>
        <translation>图像文件夹中有 1 个文件不是图像文件名</translation>
    </message>
    <message>
        <source>{count} files in the image folders are not named as images</source>
        <translation>图像文件夹中有 {count} 个文件不是图像文件名</translation>
    </message>
    <message>
        <source>1 image cannot be read and is left out: {names}</source>
        <translation>1 张图像无法读取，已略过：{names}</translation>
    </message>
    <message>
        <source>{count} images cannot be read and are left out: {names}</source>
        <translation>{count} 张图像无法读取，已略过：{names}</translation>
    </message>
    <message>
        <source>{kept} of {all} class statistics were finished before and are kept</source>
        <translation>{all} 份类统计量中有 {kept} 份此前已完成，予以保留</translation>
    </message>
    <message>
        <source>{hits} of {all} features were known, {passes} forward passes were made</source>
        <translation>{all} 个特征中有 {hits} 个已知，共做 {passes} 次前向计算</translation>
    </message>
    <message>
        <source>The predicted peak is {size} now</source>
        <translation>预测峰值现为 {size}</translation>
    </message>
    <message>
        <source>Class {classes} is in the class state already; it is moved, its rows are not used for that</source>
        <translation>类别 {classes} 已在类状态中；移动的是类状态，不使用它的行</translation>
    </message>
    <message>
        <source>Classes {classes} are in the class state already; they are moved, their rows are not used for that</source>
        <translation>类别 {classes} 已在类状态中；移动的是类状态，不使用它们的行</translation>
    </message>
    <message>
        <source>Class {classes} comes again; its statistics are taken anew</source>
        <translation>类别 {classes} 再次出现；其统计量重新计算</translation>
    </message>
    <message>
        <source>Classes {classes} come again; their statistics are taken anew</source>
        <translation>类别 {classes} 再次出现；其统计量重新计算</translation>
    </message>
    <message>
        <source>Class folders by class id: {classes}</source>
        <translation>类文件夹与类编号：{classes}</translation>
    </message>
    <message>
        <source>Class {classes} has one sample: its covariance is 1e-4 I</source>
        <translation>类别 {classes} 只有一个样本：其协方差取 1e-4 I</translation>
    </message>
    <message>
        <source>Classes {classes} have one sample: their covariance is 1e-4 I</source>
        <translation>类别 {classes} 只有一个样本：其协方差取 1e-4 I</translation>
    </message>
    <message>
        <source>Without effect in this run: {settings}</source>
        <translation>本次运行中无作用：{settings}</translation>
    </message>
    <message>
        <source>{path} cannot be mapped where it lies; unpacked: {keys}</source>
        <translation>{path} 无法就地映射；已解包：{keys}</translation>
    </message>
    <message>
        <source>Forward passes in fp32: the device has no bf16</source>
        <translation>以 fp32 前向计算：该设备没有 bf16</translation>
    </message>
    <message>
        <source>Forward passes in {chosen}: on {batch} inputs bf16 takes {share} of the time of fp32, and its features deviate by {deviation} (at most {bound} is allowed)</source>
        <translation>以 {chosen} 前向计算：在 {batch} 个输入上，bf16 用时为 fp32 的 {share}，特征偏差 {deviation}（上限 {bound}）</translation>
    </message>
    <message>
        <source>Memory is near the budget: {used} of {budget}</source>
        <translation>内存接近预算：{used}，预算 {budget}</translation>
    </message>
</context>
<context>
    <name>NoticesView</name>
    <message>
        <source>Notices</source>
        <translation>通知</translation>
    </message>
    <message>
        <source>Nothing to report. Budget crossings, retries and jitters are listed here.</source>
        <translation>暂无通知。超出预算、重试与抖动会列在此处。</translation>
    </message>
</context>
<context>
    <name>Opener</name>
    <message>
        <source>Open {name}</source>
        <translation>打开 {name}</translation>
    </message>
</context>
<context>
    <name>Operators</name>
    <message>
        <source>Linear</source>
        <translation>线性</translation>
    </message>
    <message>
        <source>Ridge regression between the normalised features, mixed with the identity; closed form</source>
        <translation>归一化特征间的岭回归，与恒等映射混合；闭式解</translation>
    </message>
    <message>
        <source>Weak-nonlinear</source>
        <translation>弱非线性</translation>
    </message>
    <message>
        <source>A two-branch network trained on the pairs; samples are pushed through it</source>
        <translation>在特征对上训练的双分支网络；样本通过它变换</translation>
    </message>
    <message>
        <source>Attention (Hopfield)</source>
        <translation>注意力（Hopfield）</translation>
    </message>
    <message>
        <source>Exact top-k attention over the drift of the pairs; samples are pushed through it</source>
        <translation>对特征对漂移的精确 top-k 注意力；样本通过它变换</translation>
    </message>
    <message>
        <source>RFF linear attention</source>
        <translation>RFF 线性注意力</translation>
    </message>
    <message>
        <source>Random Fourier features: the linear-time approximation of the attention</source>
        <translation>随机傅里叶特征：注意力的线性时间近似</translation>
    </message>
</context>
<context>
    <name>OperatorsForm</name>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Settings of {operator}</source>
        <translation>{operator}的设置</translation>
    </message>
    <message>
        <source>Operators</source>
        <translation>算子</translation>
    </message>
    <message>
        <source>Choose operators</source>
        <translation>选择算子</translation>
    </message>
</context>
<context>
    <name>Outcomes</name>
    <message>
        <source>The run was cancelled; what was measured until then is kept.</source>
        <translation>运行已取消；此前的测量数据已保留。</translation>
    </message>
    <message>
        <source>{run}: finished in {time}, peak {peak} allocated.</source>
        <translation>{run}：用时 {time}，分配峰值 {peak}。</translation>
    </message>
    <message>
        <source>Show results</source>
        <translation>显示结果</translation>
    </message>
    <message>
        <source>What was measured until then is kept.</source>
        <translation>此前的测量数据已保留。</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>详细信息</translation>
    </message>
</context>
<context>
    <name>Pages</name>
    <message>
        <source>Welcome</source>
        <translation>欢迎</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>比较</translation>
    </message>
    <message>
        <source>Ablation</source>
        <translation>消融</translation>
    </message>
    <message>
        <source>Tuner</source>
        <translation>调优</translation>
    </message>
</context>
<context>
    <name>PlanTable</name>
    <message>
        <source>Plan of the job</source>
        <translation>作业计划</translation>
    </message>
    <message>
        <source>Choose a source to see the plan of its run.</source>
        <translation>选择来源以查看其运行计划。</translation>
    </message>
    <message>
        <source>Policy {policy}, budget {budget}: at most {bound}, about {time}.</source>
        <translation>策略 {policy}，预算 {budget}：上限 {bound}，约 {time}。</translation>
    </message>
    <message>
        <source>unlimited</source>
        <translation>不限</translation>
    </message>
</context>
<context>
    <name>PlotTools</name>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Stops the view, not the capture (Ctrl+P)</source>
        <translation>暂停视图，不停止采集（Ctrl+P）</translation>
    </message>
    <message>
        <source>Zoom to region</source>
        <translation>缩放到选区</translation>
    </message>
    <message>
        <source>Shows the selected stretch of time alone</source>
        <translation>只显示所选时间段</translation>
    </message>
    <message>
        <source>Reset view</source>
        <translation>重置视图</translation>
    </message>
    <message>
        <source>Shows the whole run (Home)</source>
        <translation>显示整个运行（Home）</translation>
    </message>
    <message>
        <source>Table</source>
        <translation>表格</translation>
    </message>
    <message>
        <source>The data of the plot as a table</source>
        <translation>以表格显示图表数据</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>导出</translation>
    </message>
    <message>
        <source>The plot as a picture, its data as CSV</source>
        <translation>图表存为图片，数据存为 CSV</translation>
    </message>
    <message>
        <source>Picture (PNG)...</source>
        <translation>图片 (PNG)…</translation>
    </message>
    <message>
        <source>Vector picture (SVG)...</source>
        <translation>矢量图 (SVG)…</translation>
    </message>
    <message>
        <source>Data (CSV)...</source>
        <translation>数据 (CSV)…</translation>
    </message>
    <message>
        <source>Copy picture</source>
        <translation>复制图片</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>继续</translation>
    </message>
</context>
<context>
    <name>PolicyForm</name>
    <message>
        <source>Planned</source>
        <translation>规划</translation>
    </message>
    <message>
        <source>The leanest plan that is within a tenth of the fastest that fits. The default.</source>
        <translation>在可行的最快计划十分之一以内最省内存的计划。默认。</translation>
    </message>
    <message>
        <source>Tuned</source>
        <translation>调优</translation>
    </message>
    <message>
        <source>As planned, with what short trials measured on this machine.</source>
        <translation>同规划，采用本机短测试的实测值。</translation>
    </message>
    <message>
        <source>Nothing was measured for this device yet: the page Tuner does so in a few minutes.</source>
        <translation>此设备尚未测量：在“调优”页面几分钟即可完成。</translation>
    </message>
    <message>
        <source>Adaptive</source>
        <translation>自适应</translation>
    </message>
    <message>
        <source>The original rule: 128 below half of the budget, 64, and 32 above four fifths.</source>
        <translation>原始规则：低于预算一半为 128，其间为 64，高于五分之四为 32。</translation>
    </message>
    <message>
        <source>Fixed</source>
        <translation>固定</translation>
    </message>
    <message>
        <source>Always this many queries at a time.</source>
        <translation>每次固定处理这么多查询。</translation>
    </message>
    <message>
        <source>Chunk policy</source>
        <translation>分块策略</translation>
    </message>
    <message>
        <source>Chunk</source>
        <translation>分块</translation>
    </message>
    <message>
        <source>Queries that the attention handles at a time</source>
        <translation>注意力每次处理的查询数</translation>
    </message>
    <message>
        <source>Set chunk</source>
        <translation>设置分块</translation>
    </message>
    <message>
        <source>Set chunk policy</source>
        <translation>设置分块策略</translation>
    </message>
</context>
<context>
    <name>PreferencesDialog</name>
    <message>
        <source>Preferences</source>
        <translation>首选项</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>主题</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Panels</source>
        <translation>面板</translation>
    </message>
    <message>
        <source>Recorded runs</source>
        <translation>运行记录</translation>
    </message>
    <message>
        <source>Settings file</source>
        <translation>设置文件</translation>
    </message>
    <message>
        <source>Reset layout</source>
        <translation>重置布局</translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation>打开文件夹</translation>
    </message>
    <message>
        <source>Open the folder of: {what}</source>
        <translation>打开文件夹：{what}</translation>
    </message>
    <message>
        <source>As the desktop</source>
        <translation>跟随桌面</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
</context>
<context>
    <name>Problems</name>
    <message>
        <source>Something in the window failed: {error}</source>
        <translation>窗口内部出错：{error}</translation>
    </message>
    <message>
        <source>You can go on working. This is a defect: please report it with the details.</source>
        <translation>您可以继续工作。这是程序缺陷：请附上详细信息报告。</translation>
    </message>
    <message>
        <source> of rank {rank}</source>
        <translation>（进程 {rank}）</translation>
    </message>
    <message>
        <source>no arrays</source>
        <translation>没有数组</translation>
    </message>
    <message>
        <source>feature file</source>
        <translation>特征文件</translation>
    </message>
    <message>
        <source>class state</source>
        <translation>类状态</translation>
    </message>
    <message>
        <source>evaluation file</source>
        <translation>评估文件</translation>
    </message>
    <message>
        <source>model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>features_before [N, d], features_after [N, d] and optionally labels [N]</source>
        <translation>features_before [N, d]、features_after [N, d]，以及可选的 labels [N]</translation>
    </message>
    <message>
        <source>features [M, d] and labels [M]</source>
        <translation>features [M, d] 和 labels [M]</translation>
    </message>
    <message>
        <source>class_ids [C], count [C], mean [C, d] and cov [C, d, d] (or cov_packed [C, d (d + 1) / 2])</source>
        <translation>class_ids [C]、count [C]、mean [C, d] 和 cov [C, d, d]（或 cov_packed [C, d (d + 1) / 2]）</translation>
    </message>
    <message>
        <source>a run on files needs a feature file and a class state</source>
        <translation>文件运行需要特征文件和类状态</translation>
    </message>
    <message>
        <source>a run on models needs a base model and images in class folders</source>
        <translation>模型运行需要基础模型和按类文件夹存放的图像</translation>
    </message>
    <message>
        <source>the budget of {budget} cannot hold the {stage} stage{of_rank}; the smallest that can is {smallest}</source>
        <translation>预算 {budget} 容不下阶段 {stage}{of_rank}；最小可行预算为 {smallest}</translation>
    </message>
    <message>
        <source>the source is not complete: {needed}</source>
        <translation>来源不完整：{needed}</translation>
    </message>
    <message>
        <source>there is no adapter after the task: without it the model after the task is the model before</source>
        <translation>没有任务后适配器：缺少它时，任务后的模型就是任务前的模型</translation>
    </message>
    <message>
        <source>{role} {path}: does not exist</source>
        <translation>{role} {path} 不存在</translation>
    </message>
    <message>
        <source>{role} {path}: is a folder; expected a .npz or .safetensors file</source>
        <translation>{role} {path} 是文件夹；应为 .npz 或 .safetensors 文件</translation>
    </message>
    <message>
        <source>{role} {path}: is empty (0 bytes); expected a .npz or .safetensors file</source>
        <translation>{role} {path} 是空文件（0 字节）；应为 .npz 或 .safetensors 文件</translation>
    </message>
    <message>
        <source>{role} {path}: key {key} is missing; found {found}; expected {expected}</source>
        <translation>{role} {path} 缺少键 {key}；现有 {found}；应有 {expected}</translation>
    </message>
    <message>
        <source>{role} {path}: key {key} is missing; found {found}; expected {expected}; should {close} be named {key}?</source>
        <translation>{role} {path} 缺少键 {key}；现有 {found}；应有 {expected}；{close} 是否应命名为 {key}？</translation>
    </message>
    <message>
        <source>{role} {path}: key {key} has shape {shape}; expected {axes} axes: {expected}</source>
        <translation>{role} {path}：键 {key} 的形状为 {shape}；应有 {axes} 个轴：{expected}</translation>
    </message>
    <message>
        <source>feature file {path}: features_before has shape {before} but features_after has {after}; expected the same [N, d]</source>
        <translation>特征文件 {path}：features_before 的形状为 {before}，而 features_after 为 {after}；两者应为相同的 [N, d]</translation>
    </message>
    <message>
        <source>feature file {path}: labels has shape {labels}; expected [{pairs}], one label a pair</source>
        <translation>特征文件 {path}：labels 的形状为 {labels}；应为 [{pairs}]，每个样本对一个标签</translation>
    </message>
    <message>
        <source>{role} {path} has d = {dim} but class state {state} has d = {state_dim}; expected the same</source>
        <translation>{role} {path} 的 d = {dim}，而类状态 {state} 的 d = {state_dim}；两者应相同</translation>
    </message>
    <message>
        <source>adapter {path} is not a folder; expected a PEFT adapter folder</source>
        <translation>适配器 {path} 不是文件夹；应为 PEFT 适配器文件夹</translation>
    </message>
    <message>
        <source>adapter {path}: peft_type is {kind}; expected &apos;LORA&apos;</source>
        <translation>适配器 {path}：peft_type 为 {kind}；应为 &apos;LORA&apos;</translation>
    </message>
    <message>
        <source>adapter {path} has no adapter_model.safetensors; expected weights as safetensors: pickled ones are never loaded</source>
        <translation>适配器 {path} 没有 adapter_model.safetensors；权重应为 safetensors 格式：从不加载 pickle 格式的权重</translation>
    </message>
    <message>
        <source>model {path} is neither a folder nor in the local model cache; nothing is downloaded</source>
        <translation>模型 {path} 既不是文件夹，也不在本地模型缓存中；从不下载任何内容</translation>
    </message>
    <message>
        <source>the folder {path} has no {name}</source>
        <translation>文件夹 {path} 中没有 {name}</translation>
    </message>
    <message>
        <source>image folder {path} does not exist; expected a folder of images</source>
        <translation>图像文件夹 {path} 不存在；应为存放图像的文件夹</translation>
    </message>
    <message>
        <source>image folder {path} is a file; expected a folder of images</source>
        <translation>图像文件夹 {path} 是文件；应为存放图像的文件夹</translation>
    </message>
    <message>
        <source>choose them in the job, under Source</source>
        <translation>请在作业的“来源”中选择</translation>
    </message>
    <message>
        <source>choose the adapter after the task, or no class state for a first task</source>
        <translation>请选择任务后适配器；若为首个任务，则不选类状态</translation>
    </message>
    <message>
        <source>raise the budget to at least {smallest_bytes} bytes, or lower the sample counts</source>
        <translation>请将预算提高到至少 {smallest_bytes} 字节，或减少采样数</translation>
    </message>
    <message>
        <source>give a folder with config.json, preprocessor_config.json and model.safetensors</source>
        <translation>请指定含有 config.json、preprocessor_config.json 和 model.safetensors 的文件夹</translation>
    </message>
</context>
<context>
    <name>ProgressPanel</name>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Ends the run; what was measured is kept</source>
        <translation>结束运行；已测量的数据会保留</translation>
    </message>
    <message>
        <source>Progress of the run</source>
        <translation>运行进度</translation>
    </message>
    <message>
        <source>Progress of the stage</source>
        <translation>阶段进度</translation>
    </message>
    <message>
        <source>Another process writes this run; it is cancelled there</source>
        <translation>此次运行由另一个进程记录；请在那里取消</translation>
    </message>
    <message>
        <source>{time} so far</source>
        <translation>已用 {time}</translation>
    </message>
    <message>
        <source>{stage}: {done} of {total} {unit}</source>
        <translation>{stage}：{done} / {total} {unit}</translation>
    </message>
    <message>
        <source>about {time} left</source>
        <translation>约剩 {time}</translation>
    </message>
    <message>
        <source>no budget</source>
        <translation>无预算</translation>
    </message>
    <message>
        <source>budget {size}, kept</source>
        <translation>预算 {size}，未超出</translation>
    </message>
    <message>
        <source>budget {size}, kept where it binds</source>
        <translation>预算 {size}，在其约束范围内未超出</translation>
    </message>
    <message>
        <source>budget {size}, passed</source>
        <translation>预算 {size}，已超出</translation>
    </message>
    <message>
        <source>budget {size}</source>
        <translation>预算 {size}</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation>正在取消…</translation>
    </message>
    <message>
        <source>Following a run of another process</source>
        <translation>正在跟随另一个进程的运行</translation>
    </message>
    <message>
        <source>Starting...</source>
        <translation>正在启动…</translation>
    </message>
    <message>
        <source>Running</source>
        <translation>运行中</translation>
    </message>
    <message>
        <source>Finished</source>
        <translation>已完成</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>Cancelled</source>
        <translation>已取消</translation>
    </message>
    <message>
        <source>Interrupted: the engine ended before the run did</source>
        <translation>已中断：引擎先于运行结束</translation>
    </message>
    <message>
        <source>{status} after {time}</source>
        <translation>{status}，用时 {time}</translation>
    </message>
    <message>
        <source>steps</source>
        <translation>步</translation>
    </message>
    <message>
        <source>classes</source>
        <translation>个类</translation>
    </message>
    <message>
        <source>rows</source>
        <translation>行</translation>
    </message>
    <message>
        <source>samples</source>
        <translation>个样本</translation>
    </message>
    <message>
        <source>pairs</source>
        <translation>对</translation>
    </message>
    <message>
        <source>images</source>
        <translation>张图像</translation>
    </message>
</context>
<context>
    <name>RankCurves</name>
    <message>
        <source>slowest: process {rank}</source>
        <translation>最慢：进程 {rank}</translation>
    </message>
</context>
<context>
    <name>ReadoutPanel</name>
    <message>
        <source>Peak, by counter</source>
        <translation>峰值（计数器）</translation>
    </message>
    <message>
        <source>From the peak counters, not from samples, which may miss a short peak</source>
        <translation>来自峰值计数器而非采样，采样可能漏掉短暂峰值</translation>
    </message>
    <message>
        <source>Peak of {counter}</source>
        <translation>{counter}峰值</translation>
    </message>
    <message>
        <source>At {time}, {stage}</source>
        <translation>{time}，{stage}</translation>
    </message>
    <message>
        <source>At {time}</source>
        <translation>{time}</translation>
    </message>
    <message>
        <source>Latest, at {time}</source>
        <translation>最新，{time}</translation>
    </message>
    <message>
        <source>No samples yet</source>
        <translation>暂无采样</translation>
    </message>
    <message>
        <source>Peak so far</source>
        <translation>目前峰值</translation>
    </message>
    <message>
        <source>From the peak counters of the stages that have ended, and from the samples of those that go on</source>
        <translation>已结束的阶段取自峰值计数器，进行中的阶段取自采样</translation>
    </message>
</context>
<context>
    <name>RegionPanel</name>
    <message>
        <source>Statistics of the selected region</source>
        <translation>选区统计</translation>
    </message>
    <message>
        <source>Drag over the plot with Shift held to select a stretch of time.</source>
        <translation>按住 Shift 在图表上拖动以选择时间段。</translation>
    </message>
    <message>
        <source>{start} to {end}: {seconds}, 1 sample. {stages}</source>
        <translation>{start} 至 {end}：{seconds}，1 个采样。{stages}</translation>
    </message>
    <message>
        <source>{start} to {end}: {seconds}, {samples} samples. {stages}</source>
        <translation>{start} 至 {end}：{seconds}，{samples} 个采样。{stages}</translation>
    </message>
    <message>
        <source>curve</source>
        <translation>曲线</translation>
    </message>
    <message>
        <source>minimum</source>
        <translation>最小值</translation>
    </message>
    <message>
        <source>maximum</source>
        <translation>最大值</translation>
    </message>
    <message>
        <source>mean</source>
        <translation>均值</translation>
    </message>
    <message>
        <source>change</source>
        <translation>变化</translation>
    </message>
    <message>
        <source>Region</source>
        <translation>选区</translation>
    </message>
</context>
<context>
    <name>ResultsDesk</name>
    <message>
        <source>Compare with a class state</source>
        <translation>与类状态比较</translation>
    </message>
    <message>
        <source>Class state (*.safetensors);;All files (*)</source>
        <translation>类状态 (*.safetensors);;所有文件 (*)</translation>
    </message>
</context>
<context>
    <name>ResultsView</name>
    <message>
        <source>Accuracy</source>
        <translation>准确率</translation>
    </message>
    <message>
        <source>Deviation</source>
        <translation>偏差</translation>
    </message>
    <message>
        <source>Jitter</source>
        <translation>抖动</translation>
    </message>
    <message>
        <source>Classifier</source>
        <translation>分类器</translation>
    </message>
    <message>
        <source>Classifier of the plot</source>
        <translation>图表所用分类器</translation>
    </message>
    <message>
        <source>Accuracy of each variant and classifier after the last task</source>
        <translation>最后一个任务后各变体与分类器的准确率</translation>
    </message>
    <message>
        <source>Deviation of the moved statistics</source>
        <translation>补偿后统计量的偏差</translation>
    </message>
    <message>
        <source>Jitter of each class</source>
        <translation>各类的抖动</translation>
    </message>
    <message>
        <source>Compare with a class state...</source>
        <translation>与类状态比较…</translation>
    </message>
    <message>
        <source>After task {task}, over all classes seen.</source>
        <translation>第 {task} 个任务后，针对所有已见类别。</translation>
    </message>
    <message>
        <source>No accuracies yet. The demo, and files with an evaluation file, measure them after each task.</source>
        <translation>暂无准确率。演示以及带评估文件的来源会在每个任务后测量。</translation>
    </message>
    <message>
        <source>Relative Frobenius deviation from {base}</source>
        <translation>相对于{base}的 Frobenius 相对偏差</translation>
    </message>
    <message>
        <source>the baseline</source>
        <translation>基线</translation>
    </message>
    <message>
        <source>How far the moved statistics are from those of another run or of an oracle.</source>
        <translation>补偿后的统计量与另一运行或参考值的差距。</translation>
    </message>
    <message>
        <source>This run wrote no class state. Set &apos;Moved state&apos; in the job to keep one for comparison.</source>
        <translation>此运行未写出类状态。在作业中设置“补偿后状态”以便保留比较。</translation>
    </message>
    <message>
        <source>variant</source>
        <translation>变体</translation>
    </message>
    <message>
        <source>classes</source>
        <translation>类数</translation>
    </message>
    <message>
        <source>mean</source>
        <translation>均值</translation>
    </message>
    <message>
        <source>covariance</source>
        <translation>协方差</translation>
    </message>
    <message>
        <source>worst mean</source>
        <translation>最差均值</translation>
    </message>
    <message>
        <source>of class</source>
        <translation>所属类</translation>
    </message>
    <message>
        <source>worst covariance</source>
        <translation>最差协方差</translation>
    </message>
    <message>
        <source>(unnamed)</source>
        <translation>（未命名）</translation>
    </message>
    <message>
        <source>Added to the diagonal of a covariance until it had a Cholesky factor.</source>
        <translation>加到协方差对角线上，直到可做 Cholesky 分解。</translation>
    </message>
    <message>
        <source>No class needed jitter: every covariance had its Cholesky factor as it was.</source>
        <translation>所有类都无需抖动：每个协方差均可直接做 Cholesky 分解。</translation>
    </message>
    <message>
        <source>The jitter of each class is known when the run has finished.</source>
        <translation>各类的抖动在运行完成后可知。</translation>
    </message>
    <message>
        <source>operator</source>
        <translation>算子</translation>
    </message>
    <message>
        <source>class</source>
        <translation>类</translation>
    </message>
    <message>
        <source>jitter</source>
        <translation>抖动</translation>
    </message>
</context>
<context>
    <name>RunOptions</name>
    <message>
        <source>Choose where the moved state is written</source>
        <translation>选择补偿后类状态的写入位置</translation>
    </message>
    <message>
        <source>Set output</source>
        <translation>设置输出</translation>
    </message>
</context>
<context>
    <name>Runs</name>
    <message>
        <source>{source}, baseline</source>
        <translation>{source}，基线</translation>
    </message>
    <message>
        <source>{source}, optimised</source>
        <translation>{source}，优化</translation>
    </message>
    <message>
        <source>baseline</source>
        <translation>基线</translation>
    </message>
    <message>
        <source>optimised</source>
        <translation>优化</translation>
    </message>
    <message>
        <source>demo</source>
        <translation>演示</translation>
    </message>
    <message>
        <source>feature files</source>
        <translation>特征文件</translation>
    </message>
    <message>
        <source>synthetic workload</source>
        <translation>合成负载</translation>
    </message>
    <message>
        <source>model pair</source>
        <translation>模型对</translation>
    </message>
    <message>
        <source>planned</source>
        <translation>规划</translation>
    </message>
    <message>
        <source>tuned</source>
        <translation>调优</translation>
    </message>
    <message>
        <source>adaptive</source>
        <translation>自适应</translation>
    </message>
    <message>
        <source>fixed</source>
        <translation>固定</translation>
    </message>
</context>
<context>
    <name>Sentences</name>
    <message>
        <source>{sentence}.</source>
        <translation>{sentence}。</translation>
    </message>
    <message>
        <source>{first} {second}</source>
        <translation>{first}{second}</translation>
    </message>
</context>
<context>
    <name>Settings</name>
    <message>
        <source>Ridge γ</source>
        <translation>岭系数 γ</translation>
    </message>
    <message>
        <source>Added to the diagonal of the features&apos; Gram matrix</source>
        <translation>加到特征 Gram 矩阵的对角线</translation>
    </message>
    <message>
        <source>Mixing temperature T</source>
        <translation>混合温度 T</translation>
    </message>
    <message>
        <source>The identity&apos;s share is exp(−N / (T d))</source>
        <translation>恒等映射的占比为 exp(−N / (T d))</translation>
    </message>
    <message>
        <source>Covariance ridge</source>
        <translation>协方差岭项</translation>
    </message>
    <message>
        <source>Added to the diagonal of the moved covariance</source>
        <translation>加到补偿后协方差的对角线</translation>
    </message>
    <message>
        <source>Training steps</source>
        <translation>训练步数</translation>
    </message>
    <message>
        <source>Steps of AdamW on the two-branch network</source>
        <translation>双分支网络的 AdamW 步数</translation>
    </message>
    <message>
        <source>Training batch</source>
        <translation>训练批大小</translation>
    </message>
    <message>
        <source>Pairs of one training step, drawn with replacement</source>
        <translation>每步训练的特征对数，有放回抽取</translation>
    </message>
    <message>
        <source>Learning rate</source>
        <translation>学习率</translation>
    </message>
    <message>
        <source>At the start; falls to a third by a cosine</source>
        <translation>初始值；按余弦降至三分之一</translation>
    </message>
    <message>
        <source>Weight decay</source>
        <translation>权重衰减</translation>
    </message>
    <message>
        <source>Of AdamW</source>
        <translation>AdamW 的参数</translation>
    </message>
    <message>
        <source>Samples of a class</source>
        <translation>每类样本数</translation>
    </message>
    <message>
        <source>Drawn from the class&apos;s Gaussian and pushed through the operator</source>
        <translation>从类高斯分布抽取并通过算子变换</translation>
    </message>
    <message>
        <source>Temperature τ</source>
        <translation>温度 τ</translation>
    </message>
    <message>
        <source>Divides the similarities before the softmax</source>
        <translation>softmax 前除以相似度的温度</translation>
    </message>
    <message>
        <source>Neighbours k</source>
        <translation>近邻数 k</translation>
    </message>
    <message>
        <source>Only the k most similar pairs have a weight</source>
        <translation>只有最相似的 k 对有权重</translation>
    </message>
    <message>
        <source>Share of the old mean</source>
        <translation>旧均值占比</translation>
    </message>
    <message>
        <source>0 takes the moved mean alone</source>
        <translation>0 表示只用补偿后的均值</translation>
    </message>
    <message>
        <source>Share of the old covariance</source>
        <translation>旧协方差占比</translation>
    </message>
    <message>
        <source>0 takes the moved covariance alone</source>
        <translation>0 表示只用补偿后的协方差</translation>
    </message>
    <message>
        <source>Move means only</source>
        <translation>只移动均值</translation>
    </message>
    <message>
        <source>Covariances stay as they are</source>
        <translation>协方差保持不变</translation>
    </message>
    <message>
        <source>Random features D</source>
        <translation>随机特征数 D</translation>
    </message>
    <message>
        <source>More of them approximate the attention better</source>
        <translation>越多则对注意力的近似越好</translation>
    </message>
    <message>
        <source>Kernel width γ</source>
        <translation>核宽 γ</translation>
    </message>
    <message>
        <source>Of the approximated kernel</source>
        <translation>被近似核的参数</translation>
    </message>
    <message>
        <source>Cholesky regulariser</source>
        <translation>Cholesky 正则项</translation>
    </message>
    <message>
        <source>Added to the diagonal of a covariance before samples are drawn</source>
        <translation>抽样前加到协方差的对角线</translation>
    </message>
    <message>
        <source>Pairs N</source>
        <translation>特征对数 N</translation>
    </message>
    <message>
        <source>Rows of features before and after the task</source>
        <translation>任务前后特征的行数</translation>
    </message>
    <message>
        <source>Dimension d</source>
        <translation>维度 d</translation>
    </message>
    <message>
        <source>Columns of the features</source>
        <translation>特征的列数</translation>
    </message>
    <message>
        <source>Old classes C</source>
        <translation>旧类数 C</translation>
    </message>
    <message>
        <source>Gaussians to move</source>
        <translation>待补偿的高斯分布</translation>
    </message>
    <message>
        <source>Tasks</source>
        <translation>任务数</translation>
    </message>
    <message>
        <source>Tasks of two digits each, learnt one after another</source>
        <translation>每个任务两个数字，依次学习</translation>
    </message>
    <message>
        <source>Feature file</source>
        <translation>特征文件</translation>
    </message>
    <message>
        <source>.npz or .safetensors with features_before and features_after</source>
        <translation>含 features_before 与 features_after 的 .npz 或 .safetensors</translation>
    </message>
    <message>
        <source>Class state</source>
        <translation>类状态</translation>
    </message>
    <message>
        <source>.safetensors with means and covariances</source>
        <translation>含均值与协方差的 .safetensors</translation>
    </message>
    <message>
        <source>Evaluation file</source>
        <translation>评估文件</translation>
    </message>
    <message>
        <source>Optional: features and labels, for accuracies</source>
        <translation>可选：特征与标签，用于计算准确率</translation>
    </message>
    <message>
        <source>Base model</source>
        <translation>基础模型</translation>
    </message>
    <message>
        <source>Folder of the vision transformer</source>
        <translation>视觉 Transformer 的文件夹</translation>
    </message>
    <message>
        <source>Adapter before</source>
        <translation>任务前适配器</translation>
    </message>
    <message>
        <source>Folder of the LoRA adapter before the task; empty: the base alone</source>
        <translation>任务前 LoRA 适配器的文件夹；留空则仅用基础模型</translation>
    </message>
    <message>
        <source>Adapter after</source>
        <translation>任务后适配器</translation>
    </message>
    <message>
        <source>Folder of the LoRA adapter after the task</source>
        <translation>任务后 LoRA 适配器的文件夹</translation>
    </message>
    <message>
        <source>Images</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>A folder with one folder a class</source>
        <translation>每类一个子文件夹的文件夹</translation>
    </message>
    <message>
        <source>Auxiliary images</source>
        <translation>辅助图像</translation>
    </message>
    <message>
        <source>Optional: a folder of images without labels</source>
        <translation>可选：无标签图像的文件夹</translation>
    </message>
    <message>
        <source>Precision</source>
        <translation>精度</translation>
    </message>
    <message>
        <source>All but fp32 change results; auto takes bf16 where it is measured faster and within the bound</source>
        <translation>除 fp32 外都会改变结果；auto 在实测更快且偏差不超过上限时采用 bf16</translation>
    </message>
    <message>
        <source>Bound for auto</source>
        <translation>auto 的上限</translation>
    </message>
    <message>
        <source>Relative deviation of the features that auto may take for bf16</source>
        <translation>auto 采用 bf16 时允许的特征相对偏差</translation>
    </message>
    <message>
        <source>Images a pass</source>
        <translation>每次前向的图像数</translation>
    </message>
    <message>
        <source>Of one forward pass; 0: planned within the budget</source>
        <translation>一次前向传递的图像数；0 表示在预算内自动规划</translation>
    </message>
    <message>
        <source>Stream into sums</source>
        <translation>流式累加</translation>
    </message>
    <message>
        <source>Linear and RFF fit while the images come, without a feature store, where the budget holds their sums</source>
        <translation>在预算容得下累加量时，线性与 RFF 算子随图像到来即时拟合，不落盘存储特征</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>随机种子</translation>
    </message>
    <message>
        <source>Of every random number of the run</source>
        <translation>决定运行中的所有随机数</translation>
    </message>
    <message>
        <source>CPU threads</source>
        <translation>CPU 线程数</translation>
    </message>
    <message>
        <source>0 leaves the choice to PyTorch</source>
        <translation>0 由 PyTorch 决定</translation>
    </message>
    <message>
        <source>Samples a second</source>
        <translation>每秒采样数</translation>
    </message>
    <message>
        <source>Of the memory curve; 0 records none</source>
        <translation>内存曲线的采样率；0 表示不记录</translation>
    </message>
    <message>
        <source>Processes</source>
        <translation>进程</translation>
    </message>
    <message>
        <source>They share the run; each has a card of its own where there are enough</source>
        <translation>共同完成一次运行；显卡足够时每个进程各用一张</translation>
    </message>
    <message>
        <source>Engine</source>
        <translation>引擎</translation>
    </message>
    <message>
        <source>The baseline is the original implementation, whole</source>
        <translation>基线即完整的原始实现</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>Where the run computes</source>
        <translation>运行所用的计算设备</translation>
    </message>
    <message>
        <source>Moved state</source>
        <translation>补偿后状态</translation>
    </message>
    <message>
        <source>Where the moved class state is written; empty: nowhere</source>
        <translation>补偿后类状态的写入位置；留空则不写</translation>
    </message>
    <message>
        <source>Triangles only</source>
        <translation>仅存三角</translation>
    </message>
    <message>
        <source>Stores covariances in half the space</source>
        <translation>以一半空间存储协方差</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Keeps what a failed run has finished beside the state and goes on from there</source>
        <translation>将失败运行的已完成部分保存在状态旁并从此继续</translation>
    </message>
    <message>
        <source>LDA shrinkage</source>
        <translation>LDA 收缩</translation>
    </message>
    <message>
        <source>Towards the identity</source>
        <translation>向单位阵收缩</translation>
    </message>
    <message>
        <source>LR-RGDA rank</source>
        <translation>LR-RGDA 秩</translation>
    </message>
    <message>
        <source>Directions kept of each covariance</source>
        <translation>每个协方差保留的方向数</translation>
    </message>
</context>
<context>
    <name>SettingsGroup</name>
    <message>
        <source>Set {setting}</source>
        <translation>设置{setting}</translation>
    </message>
</context>
<context>
    <name>ShortcutSheet</name>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>键盘快捷键</translation>
    </message>
</context>
<context>
    <name>SizeEdit</name>
    <message>
        <source>Memory budget</source>
        <translation>显存预算</translation>
    </message>
    <message>
        <source>A size such as 256MiB, 8GB or 0.5g, or &apos;unlimited&apos;</source>
        <translation>大小，如 256MiB、8GB 或 0.5g，或“不限”</translation>
    </message>
    <message>
        <source>unlimited</source>
        <translation>不限</translation>
    </message>
</context>
<context>
    <name>SourceForm</name>
    <message>
        <source>Source</source>
        <translation>来源</translation>
    </message>
    <message>
        <source>Demo: handwritten digits</source>
        <translation>演示：手写数字</translation>
    </message>
    <message>
        <source>A small vision transformer learns the digits task by task. About a minute.</source>
        <translation>小型视觉 Transformer 逐任务学习数字。约一分钟。</translation>
    </message>
    <message>
        <source>Feature files</source>
        <translation>特征文件</translation>
    </message>
    <message>
        <source>Features of the same images before and after a task, and the statistics of the old classes.</source>
        <translation>同一批图像在任务前后的特征，以及旧类的统计量。</translation>
    </message>
    <message>
        <source>Model pair</source>
        <translation>模型对</translation>
    </message>
    <message>
        <source>Features are extracted from images with the model before and after a task.</source>
        <translation>用任务前后的模型从图像提取特征。</translation>
    </message>
    <message>
        <source>Synthetic workload</source>
        <translation>合成负载</translation>
    </message>
    <message>
        <source>Features and Gaussians from the seed, to try sizes without data.</source>
        <translation>由种子生成特征与高斯分布，无需数据即可试验规模。</translation>
    </message>
    <message>
        <source>Choose source</source>
        <translation>选择来源</translation>
    </message>
</context>
<context>
    <name>SourcePage</name>
    <message>
        <source>Preset</source>
        <translation>预设</translation>
    </message>
    <message>
        <source>own sizes</source>
        <translation>自定义规模</translation>
    </message>
    <message>
        <source>Look for: {what}</source>
        <translation>查找：{what}</translation>
    </message>
    <message>
        <source>Set {setting}</source>
        <translation>设置{setting}</translation>
    </message>
    <message>
        <source>Choose preset</source>
        <translation>选择预设</translation>
    </message>
    <message>
        <source>A model pair needs {packages}, not installed here: pip install &apos;slora[vit]&apos; brings what is missing.</source>
        <translation>模型对需要 {packages}，此处尚未安装：pip install &apos;slora[vit]&apos; 可补齐所缺的包。</translation>
    </message>
</context>
<context>
    <name>StageBars</name>
    <message>
        <source>fits</source>
        <translation>可行</translation>
    </message>
    <message>
        <source>binds</source>
        <translation>瓶颈</translation>
    </message>
    <message>
        <source>too big</source>
        <translation>过大</translation>
    </message>
    <message>
        <source>Predicted peak of each stage</source>
        <translation>各阶段预测峰值</translation>
    </message>
    <message>
        <source>{stage}: {peak} predicted, at most {bound}, {time}, {verdict}</source>
        <translation>{stage}：预测 {peak}，上限 {bound}，{time}，{verdict}</translation>
    </message>
</context>
<context>
    <name>Stages</name>
    <message>
        <source>attention</source>
        <translation>注意力</translation>
    </message>
    <message>
        <source>check</source>
        <translation>检查</translation>
    </message>
    <message>
        <source>evaluate</source>
        <translation>评估</translation>
    </message>
    <message>
        <source>extract</source>
        <translation>提取</translation>
    </message>
    <message>
        <source>fit</source>
        <translation>拟合</translation>
    </message>
    <message>
        <source>linear</source>
        <translation>线性</translation>
    </message>
    <message>
        <source>load</source>
        <translation>载入</translation>
    </message>
    <message>
        <source>move</source>
        <translation>迁移</translation>
    </message>
    <message>
        <source>prepare</source>
        <translation>准备</translation>
    </message>
    <message>
        <source>rff</source>
        <translation>RFF</translation>
    </message>
    <message>
        <source>scan</source>
        <translation>扫描</translation>
    </message>
    <message>
        <source>statistics</source>
        <translation>统计</translation>
    </message>
    <message>
        <source>train</source>
        <translation>训练</translation>
    </message>
    <message>
        <source>warm-up</source>
        <translation>预热</translation>
    </message>
    <message>
        <source>weaknonlinear</source>
        <translation>弱非线性</translation>
    </message>
    <message>
        <source>task{number}</source>
        <translation>任务{number}</translation>
    </message>
</context>
<context>
    <name>StatusLine</name>
    <message>
        <source>Ready</source>
        <translation>就绪</translation>
    </message>
    <message>
        <source>Starting</source>
        <translation>正在启动</translation>
    </message>
    <message>
        <source>Running</source>
        <translation>运行中</translation>
    </message>
    <message>
        <source>Finished</source>
        <translation>已完成</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>Cancelled</source>
        <translation>已取消</translation>
    </message>
    <message>
        <source>Interrupted</source>
        <translation>已中断</translation>
    </message>
    <message>
        <source>Progress of the run</source>
        <translation>运行进度</translation>
    </message>
    <message>
        <source>Tensors of the engine on the compute device, and resident memory of its process</source>
        <translation>计算设备上的引擎张量，以及其进程的常驻内存</translation>
    </message>
    <message>
        <source>{time} left</source>
        <translation>剩余 {time}</translation>
    </message>
    <message>
        <source>{allocated} allocated, {rss} RSS</source>
        <translation>已分配 {allocated}，RSS {rss}</translation>
    </message>
    <message>
        <source>CPU, {total} RAM</source>
        <translation>CPU，{total} 内存</translation>
    </message>
    <message>
        <source>Without a CUDA device, the compute device is the CPU</source>
        <translation>没有 CUDA 设备时，计算设备为 CPU</translation>
    </message>
    <message>
        <source>{name}: {used} of {total} in use</source>
        <translation>{name}：已用 {used} / {total}</translation>
    </message>
    <message>
        <source>All programs together</source>
        <translation>所有程序合计</translation>
    </message>
    <message>
        <source>Other programs hold {size}</source>
        <translation>其他程序占用 {size}</translation>
    </message>
</context>
<context>
    <name>Studies</name>
    <message>
        <source>The ablation is finished: {trials} runs in {time}.</source>
        <translation>消融已完成：{trials} 次运行，用时 {time}。</translation>
    </message>
    <message>
        <source>The tuning is finished: {trials} trials in {time}. Choose a point to apply it.</source>
        <translation>调优已完成：{trials} 次试验，用时 {time}。选择一点即可应用。</translation>
    </message>
</context>
<context>
    <name>StudyBar</name>
    <message>
        <source>Start</source>
        <translation>开始</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Ends the study; finished runs are kept and can be resumed</source>
        <translation>结束研究；已完成的运行会保留，可继续</translation>
    </message>
    <message>
        <source>Progress of the study</source>
        <translation>研究进度</translation>
    </message>
    <message>
        <source>Something else is running, which would falsify what is measured</source>
        <translation>有其他作业正在运行，会使测量失真</translation>
    </message>
    <message>
        <source>Goes on from what was measured before</source>
        <translation>从此前已测量的结果继续</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation>正在取消…</translation>
    </message>
    <message>
        <source>{done} of {total} runs</source>
        <translation>{done} / {total} 次运行</translation>
    </message>
    <message>
        <source>about {time} left</source>
        <translation>约剩 {time}</translation>
    </message>
    <message>
        <source>{count} runs are already measured</source>
        <translation>已测量 {count} 次运行</translation>
    </message>
    <message>
        <source>1 run is already measured</source>
        <translation>已测量 1 次运行</translation>
    </message>
</context>
<context>
    <name>StudyDesk</name>
    <message>
        <source>The study was cancelled; finished runs are kept and can be resumed.</source>
        <translation>研究已取消；已完成的运行已保留，可以继续。</translation>
    </message>
</context>
<context>
    <name>Tables</name>
    <message>
        <source>peak allocated</source>
        <translation>分配峰值</translation>
    </message>
    <message>
        <source>peak reserved</source>
        <translation>保留峰值</translation>
    </message>
    <message>
        <source>peak RSS</source>
        <translation>RSS 峰值</translation>
    </message>
    <message>
        <source>time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>budget</source>
        <translation>预算</translation>
    </message>
    <message>
        <source>within budget</source>
        <translation>未超预算</translation>
    </message>
    <message>
        <source>accuracy</source>
        <translation>准确率</translation>
    </message>
    <message>
        <source>{stage}: {metric}</source>
        <translation>{stage}：{metric}</translation>
    </message>
    <message>
        <source>metric</source>
        <translation>指标</translation>
    </message>
    <message>
        <source>difference</source>
        <translation>差值</translation>
    </message>
    <message>
        <source>ratio</source>
        <translation>比值</translation>
    </message>
    <message>
        <source>started</source>
        <translation>开始时间</translation>
    </message>
    <message>
        <source>run</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>status</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>engine</source>
        <translation>引擎</translation>
    </message>
    <message>
        <source>source</source>
        <translation>来源</translation>
    </message>
    <message>
        <source>operators</source>
        <translation>算子</translation>
    </message>
    <message>
        <source>note</source>
        <translation>备注</translation>
    </message>
    <message>
        <source>failed: {why}</source>
        <translation>失败：{why}</translation>
    </message>
    <message>
        <source>whole stage</source>
        <translation>整个阶段</translation>
    </message>
    <message>
        <source>drawn out from a part</source>
        <translation>由部分外推</translation>
    </message>
    <message>
        <source>stage</source>
        <translation>阶段</translation>
    </message>
    <message>
        <source>choice</source>
        <translation>选择</translation>
    </message>
    <message>
        <source>peak</source>
        <translation>峰值</translation>
    </message>
    <message>
        <source>built-in model</source>
        <translation>内置模型</translation>
    </message>
    <message>
        <source>measured</source>
        <translation>实测</translation>
    </message>
    <message>
        <source>predicted time</source>
        <translation>预测时间</translation>
    </message>
    <message>
        <source>not ended</source>
        <translation>未结束</translation>
    </message>
    <message>
        <source>done</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>not finished</source>
        <translation>未完成</translation>
    </message>
    <message>
        <source>predicted peak</source>
        <translation>预测峰值</translation>
    </message>
    <message>
        <source>state</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>process</source>
        <translation>进程</translation>
    </message>
    <message>
        <source>communicated</source>
        <translation>通信量</translation>
    </message>
    <message>
        <source>at most</source>
        <translation>上限</translation>
    </message>
    <message>
        <source>share of budget</source>
        <translation>占预算比例</translation>
    </message>
    <message>
        <source>smallest budget</source>
        <translation>最小预算</translation>
    </message>
    <message>
        <source>binds</source>
        <translation>瓶颈</translation>
    </message>
    <message>
        <source>slowest</source>
        <translation>最慢</translation>
    </message>
    <message>
        <source>variant</source>
        <translation>变体</translation>
    </message>
    <message>
        <source>{name} (no compensation)</source>
        <translation>{name}（无补偿）</translation>
    </message>
</context>
<context>
    <name>Tour</name>
    <message>
        <source>Tour of the window</source>
        <translation>窗口导览</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>上一步</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>Next</source>
        <translation>下一步</translation>
    </message>
    <message>
        <source>{step} of {steps}</source>
        <translation>{step} / {steps}</translation>
    </message>
    <message>
        <source>The job</source>
        <translation>作业</translation>
    </message>
    <message>
        <source>Choose what to compute and hold it below a budget. Files can be dropped anywhere in the window, and every change can be undone.</source>
        <translation>选择计算内容并设定预算。文件可拖放到窗口任意位置，每项更改都可撤销。</translation>
    </message>
    <message>
        <source>The forecast</source>
        <translation>预测</translation>
    </message>
    <message>
        <source>Before anything runs: predicted peak and time of every stage, the stage that binds, and the smallest budget that would do.</source>
        <translation>运行之前即可看到：每个阶段的预测峰值与时间、瓶颈阶段，以及可行的最小预算。</translation>
    </message>
    <message>
        <source>The run</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>Memory over time while the run goes. Drag the budget line; hover for every value; drag a region for its statistics. Peaks come from counters, not from samples.</source>
        <translation>运行期间的内存随时间变化。拖动预算线；悬停查看各项数值；拖出选区查看统计。峰值来自计数器，而非采样。</translation>
    </message>
    <message>
        <source>Comparison</source>
        <translation>比较</translation>
    </message>
    <message>
        <source>Run the original and the optimised engine one after the other, or lay recorded runs over each other, with signed differences.</source>
        <translation>依次运行原始引擎与优化引擎，或叠加已记录的运行，并显示带符号的差值。</translation>
    </message>
    <message>
        <source>The history</source>
        <translation>历史</translation>
    </message>
    <message>
        <source>Every run is recorded. Search, note, reopen, compare, delete. Ctrl+Shift+P finds any action, F1 lists the keys.</source>
        <translation>每次运行都会记录。可搜索、备注、重新打开、比较、删除。Ctrl+Shift+P 查找任意操作，F1 列出快捷键。</translation>
    </message>
</context>
<context>
    <name>TunerDesk</name>
    <message>
        <source>Apply a point of the frontier</source>
        <translation>应用前沿上的一点</translation>
    </message>
</context>
<context>
    <name>TunerPage</name>
    <message>
        <source>What more memory would buy: the fastest plan for every peak. Short trials replace predicted times.</source>
        <translation>更多内存能换来什么：每个峰值下最快的计划。短测试会以实测取代预测时间。</translation>
    </message>
    <message>
        <source>Trials</source>
        <translation>试验次数</translation>
    </message>
    <message>
        <source>Minutes</source>
        <translation>分钟</translation>
    </message>
    <message>
        <source>The study ends when either is spent</source>
        <translation>任一用完即结束</translation>
    </message>
    <message>
        <source>Points of the frontier</source>
        <translation>前沿上的点</translation>
    </message>
    <message>
        <source>Apply this point</source>
        <translation>应用此点</translation>
    </message>
    <message>
        <source>Sets the job&apos;s budget and plan to those of the chosen point; undoable</source>
        <translation>将作业的预算与计划设为所选点；可撤销</translation>
    </message>
    <message>
        <source>Export TOML...</source>
        <translation>导出 TOML…</translation>
    </message>
    <message>
        <source>The job with the chosen point, for the command line</source>
        <translation>采用所选点的作业，供命令行使用</translation>
    </message>
    <message>
        <source>Export snippet...</source>
        <translation>导出代码片段…</translation>
    </message>
    <message>
        <source>A Python program that runs the job with the chosen point</source>
        <translation>以所选点运行作业的 Python 程序</translation>
    </message>
    <message>
        <source>peak bytes</source>
        <translation>峰值字节</translation>
    </message>
    <message>
        <source>time, s</source>
        <translation>时间（秒）</translation>
    </message>
    <message>
        <source>plan</source>
        <translation>计划</translation>
    </message>
    <message>
        <source>measured</source>
        <translation>实测</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>是</translation>
    </message>
    <message>
        <source>predicted</source>
        <translation>预测</translation>
    </message>
    <message>
        <source>Frontier</source>
        <translation>前沿</translation>
    </message>
    <message>
        <source>Choose a point to see what it needs.</source>
        <translation>选择一点以查看其需求。</translation>
    </message>
    <message>
        <source>{peak}, {time} {how}. {plan}</source>
        <translation>{peak}，{time}（{how}）。{plan}</translation>
    </message>
    <message>
        <source>planned</source>
        <translation>规划</translation>
    </message>
    <message>
        <source>tuned</source>
        <translation>调优</translation>
    </message>
    <message>
        <source>{plan}: {time}, peak {peak}</source>
        <translation>{plan}：{time}，峰值 {peak}</translation>
    </message>
    <message>
        <source>Measured in whole runs, the faster of each: {runs}</source>
        <translation>完整运行实测，各取较快的一次：{runs}</translation>
    </message>
    <message>
        <source>; </source>
        <translation>；</translation>
    </message>
</context>
<context>
    <name>WelcomePage</name>
    <message>
        <source>Nothing yet. What you open or run is listed here.</source>
        <translation>暂无。打开或运行过的内容会列在此处。</translation>
    </message>
    <message>
        <source>Welcome</source>
        <translation>欢迎</translation>
    </message>
    <message>
        <source>Distribution compensation inside your memory budget</source>
        <translation>在显存预算内完成分布补偿</translation>
    </message>
    <message>
        <source>See what a run will need before it starts, hold it below a budget, watch it, and compare it with the original engine.</source>
        <translation>运行前预知所需，将其控制在预算之内，实时观察，并与原始引擎比较。</translation>
    </message>
    <message>
        <source>Run the demo</source>
        <translation>运行演示</translation>
    </message>
    <message>
        <source>Open a file</source>
        <translation>打开文件</translation>
    </message>
    <message>
        <source>New run</source>
        <translation>新建运行</translation>
    </message>
    <message>
        <source>Tour in five steps</source>
        <translation>五步导览</translation>
    </message>
    <message>
        <source>or drop here: features, a class state, a configuration (.toml), a run (.slora)</source>
        <translation>或拖放到此：特征、类状态、配置（.toml）、运行记录（.slora）</translation>
    </message>
    <message>
        <source>Recent</source>
        <translation>最近</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>快捷键</translation>
    </message>
</context>
</TS>
