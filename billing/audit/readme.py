"""The note that lies beside the files of a kit, in both languages."""

README = """\
AUDIT KIT: recompute this invoice without trusting us
=====================================================

Run it (Python 3.11 or later, no packages, no network; on Windows also: pip install tzdata):

    python3 -I verify.py

One line per check; the exit code is 0 only when all hold. What is here:

  invoice.json    the invoice: head, lines, each line's derivation, its hash of inputs
  terms/*.json    the prices it was rated by; the file name is the SHA-256 of the file
  inputs.json     what was due, for whom (facts, labels, options, packs), late usage, SLA credits
  readings.json   the frozen readings with the hash that each line names
  rollups.csv     the cells (days of your billing zone, or parts of them: time bands, attributes of events)
                  each reading was made from, numbered in its order; where a backend reports its own count,
                  the revision and evidence of that report in place of events, or that it is an estimate
  events.csv      the raw events behind those cells while we keep them (at most 100,000), with the number of
                  their cell; identities and users are digests
  manifest.json   the SHA-256 of every file
  verify.py       reads all this, rates every line anew from terms and readings with its own
                  evaluator of the charge grammar, and compares to the smallest unit of the currency

To be sure of the hash chain, keep the content_hash printed by the API when the invoice was issued, and keep
your own count of events: a kit can show that a bill follows from its inputs, and only you know your inputs.
The availability behind SLA credits and what earlier invoices billed are stated here, not derived.

审计包：无需信任我们即可重算本账单
==================================

运行方法（需要 Python 3.11 或更高版本，不需要任何第三方包，不联网；Windows 另需：pip install tzdata）：

    python3 -I verify.py

每项校验输出一行；只有全部通过时退出码才为 0。内容如下：

  invoice.json    账单：表头、各费用行、每行的计算过程及输入哈希
  terms/*.json    计价所依据的条款；文件名即该文件的 SHA-256
  inputs.json     应计费用、客户情况（事实、标签、选项、资源包）、补计用量、SLA 赔付
  readings.json   冻结读数及各行所引用的哈希
  rollups.csv     每个冻结读数由哪些时段（计费时区的自然日，或按计费时段、事件属性细分）得出，依次编号；
                  由后端自行统计上报的，列出上报的修订号与凭证以代替事件，或注明为估算值
  events.csv      这些时段背后的原始事件（保留期内，最多 100,000 条）及其时段编号；标识与用户均为摘要
  manifest.json   每个文件的 SHA-256
  verify.py       读取以上内容，用自带的计价语法求值器按条款和冻结读数重新计算每一行，精确到币种最小单位

为确认哈希链，请保留账单出具时 API 返回的 content_hash，并自行统计事件：审计包可以证明账单由其输入得出，
而输入是否属实只有您自己知道。SLA 赔付的可用率数据以及此前账单的已计费金额在此仅为陈述，不作推导。
"""
