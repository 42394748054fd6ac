"""The phrases of a report in simplified Chinese, by their English text. Names in braces are filled in afterwards."""

from __future__ import annotations

from typing import Final

CHINESE: Final[dict[str, str]] = {
    # the report
    "comparison of runs": "运行对比",
    "report of a run": "运行报告",
    "Distribution compensation: {title}": "分布补偿：{title}",
    "SLoRA, {date}": "SLoRA，{date}",
    "Contents": "目录",
    "page {page} of {pages}": "第 {page} 页，共 {pages} 页",
    # values
    "not available": "不可用",
    "unlimited": "不限",
    "same": "相同",
    "{x}x less": "降为 1/{x}",
    "{x}x more": "增至 {x} 倍",
    "yes": "是",
    "no": "否",
    "{points} points": "{points} 个百分点",
    "finished": "已完成",
    "failed": "失败",
    "cancelled": "已取消",
    "interrupted": "已中断",
    "running": "运行中",
    "unreadable": "无法读取",
    # summary
    "{run} against {base}: peak memory {peak} instead of {base_peak} ({peak_factor}), time {time} instead of "
    "{base_time} ({time_factor}).": (
        "{run} 对比 {base}：峰值内存 {peak}，原为 {base_peak}（{peak_factor}）；"
        "用时 {time}，原为 {base_time}（{time_factor}）。"
    ),
    "{n} runs of the same job: the lowest peak memory is {peak} ({leanest}), the shortest time {time} ({fastest}).": (
        "同一作业的 {n} 次运行：最低峰值内存 {peak}（{leanest}），最短用时 {time}（{fastest}）。"
    ),
    "Accuracy and deviation: not available for these runs.": "准确率与偏差：这些运行均不可用。",
    "{run} failed: {what}": "{run} 失败：{what}",
    "{run}: {status}, peak memory {peak}, time {time}.": "{run}：{status}，峰值内存 {peak}，用时 {time}。",
    "Another source or other operators than those of {base}: {runs}. Their figures cannot be held against it.": (
        "数据来源或算子与 {base} 不同：{runs}。其数值不可与之直接比较。"
    ),
    "What was run": "运行内容",
    "Memory and time": "内存与时间",
    "Results": "结果",
    "Machine and versions": "机器与版本",
    "run": "运行",
    "engine": "引擎",
    "source": "数据来源",
    "operators": "算子",
    "status": "状态",
    "started": "开始时间",
    "note": "备注",
    "ratio": "比值",
    "peak allocated": "已分配峰值",
    "peak reserved": "已保留峰值",
    "peak RSS": "RSS 峰值",
    "time": "用时",
    "budget": "预算",
    "within budget": "在预算内",
    "best accuracy": "最高准确率",
    "lowest change of an accuracy": "准确率最低变化",
    "deviation of means": "均值偏差",
    "deviation of covariances": "协方差偏差",
    "all": "全部",
    "run or study": "运行或研究",
    "device": "设备",
    "system": "系统",
    "RAM": "内存",
    "Peaks are counters, not samples. Allocated: live tensors; reserved: the allocator's pool; RSS: resident memory"
    " of the process.": ("峰值来自计数器，而非采样。已分配：存活的张量；已保留：分配器的内存池；RSS：进程的常驻内存。"),
    "Ratios and changes are against {base}, of runs that finished the same job. Deviation: relative Frobenius"
    " norm over all classes, the largest of the operators; not available where the moved states were not kept.": (
        "比值与变化均相对于 {base}，仅限完成同一作业的运行。偏差：所有类别的相对 Frobenius 范数，"
        "取各算子中的最大值；未保留补偿后状态时不可用。"
    ),
    "On a CPU the compute device is the CPU, and it has no pool: reserved is not available.": (
        "在 CPU 上，计算设备即 CPU，没有内存池，因此“已保留”不可用。"
    ),
    # curves
    "Memory curves": "内存曲线",
    "Allocated memory of the compute device, all runs": "计算设备的已分配内存（全部运行）",
    "Resident memory of the process (RSS), all runs": "进程的常驻内存（RSS，全部运行）",
    "{run}: memory of the compute device": "{run}：计算设备的内存",
    "{run}: memory of the host": "{run}：主机内存",
    "Shaded: stages. Triangles: peaks of the stages by their counters. The curve between them is sampled.": (
        "阴影：各阶段。三角：各阶段由计数器给出的峰值。曲线为采样值。"
    ),
    "Time since the start of each run. Triangles: highest stage peak of each run by its counter.": (
        "时间从各次运行开始时计。三角：各次运行由计数器给出的最高阶段峰值。"
    ),
    "time (s)": "时间（秒）",
    "memory": "内存",
    "allocated": "已分配",
    "reserved": "已保留",
    "tensors in RAM": "内存中的张量",
    "RSS": "RSS",
    "peak {size}": "峰值 {size}",
    # stages and plan
    "Stages": "阶段",
    "stage": "阶段",
    "live afterwards": "结束后存活",
    "not finished": "未完成",
    "cut off": "被中断",
    "Plan: chosen, predicted, measured": "计划：选择、预测与实测",
    "chosen": "选择",
    "predicted peak": "预测峰值",
    "bound": "上界",
    "measured peak": "实测峰值",
    "predicted time": "预测用时",
    "measured time": "实测用时",
    "Budget {budget}, policy {policy}; binding stage {stage}; smallest feasible budget {smallest}; predicted "
    "peak {peak}, measured {measured}.": (
        "预算 {budget}，策略 {policy}；瓶颈阶段 {stage}；最小可行预算 {smallest}；预测峰值 {peak}，实测 {measured}。"
    ),
    # accuracy
    "Accuracy and deviation": "准确率与偏差",
    "Accuracy after the last task": "最后一个任务后的准确率",
    "Accuracy after the last task (in brackets: points against {base})": (
        "最后一个任务后的准确率（括号内：相对 {base} 的百分点）"
    ),
    "no compensation": "无补偿",
    "variant": "变体",
    "classifier": "分类器",
    "Moved statistics of {run}: relative Frobenius deviation from {base}": (
        "{run} 补偿后的统计量：相对 {base} 的 Frobenius 偏差"
    ),
    "(unnamed)": "（未命名）",
    "operator": "算子",
    "classes": "类别数",
    "means": "均值",
    "covariances": "协方差",
    "worst mean (class)": "最差均值（类别）",
    "worst covariance (class)": "最差协方差（类别）",
    # ablation
    "ablation": "消融研究",
    "Ablation of the memory measures": "显存优化措施的消融研究",
    "{study}, all nine measures on against all off: peak memory {peak} instead of {base_peak} ({peak_factor}),"
    " time {time} instead of {base_time} ({time_factor}).": (
        "{study}，九项措施全部开启对比全部关闭：峰值内存 {peak}，原为 {base_peak}（{peak_factor}）；"
        "用时 {time}，原为 {base_time}（{time_factor}）。"
    ),
    "{study}: no saving is measured yet.": "{study}：尚未测得任何节省。",
    "With the others on, no single measure saves half a percent of the peak.": (
        "其余措施开启时，没有任何单项措施能节省 0.5 % 的峰值。"
    ),
    "With the others on, {measure} saves most: {share} of the peak.": (
        "其余措施开启时，{measure} 节省最多：峰值的 {share}。"
    ),
    "What was studied": "研究内容",
    "study": "研究",
    "runs": "运行次数",
    "{done} of {all}": "{done} / {all}",
    "Saving of the peak, expected and measured": "峰值节省：预期与实测",
    "Each measure alone off, all others on": "仅关闭该措施，其余全部开启",
    "Each measure alone on, all others off": "仅开启该措施，其余全部关闭",
    "Cumulated in the order of priority": "按优先级依次累加",
    "measure": "措施",
    "priority": "优先级",
    "high": "高",
    "middle": "中",
    "low": "低",
    "expected saving": "预期节省",
    "alone off": "单独关闭",
    "alone on": "单独开启",
    "cumulated": "累加",
    "expected": "预期",
    "saved": "节省",
    "peak without": "关闭时峰值",
    "peak with": "开启时峰值",
    "saved of reserved": "已保留节省",
    "reserved without": "关闭时已保留",
    "reserved with": "开启时已保留",
    "time without": "关闭时用时",
    "time with": "开启时用时",
    "{median} % ({least} to {most})": "{median} %（{least} 至 {most}）",
    "deviation": "偏差",
    "accuracy": "准确率",
    "effect": "效果",
    "not measured": "未测量",
    "accuracy {change} points": "准确率 {change} 个百分点",
    ", ": "，",
    "no effect": "无作用",
    "no effect: {reason}": "无作用：{reason}",
    "no model runs": "不运行模型",
    "no model is trained": "不训练模型",
    "no notable effect": "无明显作用",
    "saves {share} of the peak": "节省峰值的 {share}",
    "takes {factor} times the peak": "峰值增至 {factor} 倍",
    "saves {share} of {stage} only": "仅节省 {stage} 的 {share}",
    "{share} slower": "慢 {share}",
    "{share} faster": "快 {share}",
    "Expected: the saving of VRAM that the original plan states; empty where it states none. Saved: of the"
    " allocated peak over all stages, 1 - with / without. Time: median change, in brackets the extremes of the"
    " repetitions. Deviation: of the moved statistics from the run that the table starts from. Accuracy: mean"
    " change over variants and classifiers. Empty: not available.": (
        "预期：原方案所述的显存节省，未说明者留空。节省：相对全部阶段的已分配峰值，即 1 - 开启 / 关闭。"
        "用时：变化的中位数，括号内为各次重复的极值。偏差：补偿后统计量相对该表起始运行的偏差。"
        "准确率：各变体与分类器的平均变化。留空：不可用。"
    ),
    # notices
    "Notices": "通知",
    "None of the runs had anything to report.": "所有运行均无通知。",
    "The run was cancelled.": "运行已取消。",
    "The record ends here, without a result.": "记录到此为止，没有结果。",
    "at": "时刻",
    "kind": "类型",
    "message": "内容",
    "budget-near": "接近预算",
    "budget-crossed": "超过预算",
    "retry": "重试",
    "jitter": "抖动",
    "one-sample-class": "单样本类别",
    "unpacked-file": "解压文件",
    "no-effect": "无作用",
    "outside-budget": "预算之外",
    "other-process": "其他进程",
    "labels": "标签",
    "feature-cache": "特征缓存",
    "precision": "精度",
    "replanned": "重新规划",
    "skipped-images": "跳过的图像",
    "not-recorded": "未记录",
    "continued": "续行",
    "restart": "重新启动",
    "trial-failed": "试验失败",
    "tuning-ignored": "未采用调优",
    # configuration
    "Configuration": "配置",
    "As {base}.": "与 {base} 相同。",
    "As {base}, but for:": "与 {base} 相同，以下除外：",
    "setting": "设置",
    "not set": "未设置",
}
