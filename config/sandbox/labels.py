"""The words of the sandbox's pages, English and Simplified Chinese."""

ENGLISH, CHINESE = "en", "zh-CN"

ZH = {
    "Stripe sandbox": "Stripe 沙盒",
    "A stand-in for Stripe on your own machine. No money moves.": (
        "这是本机上的 Stripe 替身，不会发生真实扣款。"
    ),
    "Sandbox time": "沙盒时间",
    "Request log": "请求日志",
    "State": "状态数据",
    "Invoices": "账单",
    "Customers": "客户",
    "Invoice": "账单",
    "Customer": "客户",
    "Number": "编号",
    "Total": "合计",
    "Amount due": "应付金额",
    "Amount paid": "已付金额",
    "Balance applied": "余额抵扣",
    "Status": "状态",
    "Issued": "出账日期",
    "Due": "付款截止",
    "Paid": "付款时间",
    "Description": "说明",
    "Period": "服务期间",
    "Amount": "金额",
    "Name": "名称",
    "Email": "邮箱",
    "Card": "银行卡",
    "Balance": "余额",
    "none": "无",
    "No invoices yet.": "还没有账单。",
    "No customers yet.": "还没有客户。",
    "Only the latest are shown.": "仅显示最近的记录。",
    "All invoices and customers": "全部账单和客户",
    "draft": "草稿",
    "open": "待支付",
    "paid": "已支付",
    "void": "已作废",
    "uncollectible": "坏账",
    "Pay this invoice": "支付此账单",
    "Pay": "支付",
    "Pay {amount}": "支付 {amount}",
    "saved": "已保存",
    "Test card": "测试卡",
    "More test cards": "更多测试卡",
    "Another number": "其他卡号",
    "Add a card": "添加银行卡",
    "Save card": "保存银行卡",
    "Cancel and go back": "取消并返回",
    "for {customer}": "客户：{customer}",
    "pays": "支付成功",
    "declines when charged": "可保存，扣款时被拒",
    "authentication once": "首次需要身份验证",
    "authentication each time": "每次都需要身份验证",
    "authentication, then no funds": "验证后余额不足",
    "declined": "直接被拒",
    "no funds": "余额不足",
    "expired": "卡已过期",
    "Authenticate": "身份验证",
    "Fail authentication": "验证失败",
    "Your bank asks you to confirm that it is you.": "发卡行需要确认是您本人操作。",
    "This payment waits for the card holder's authentication.": "此笔付款正在等待持卡人完成身份验证。",
    "Nothing to do here": "无需操作",
    "This step is already done.": "该步骤已完成。",
    "This page has expired or was already used.": "此页面已过期或已使用。",
    "Not found": "未找到页面",
    "There is no such page in the sandbox.": "沙盒中没有这个页面。",
    "Choose a card.": "请选择一张银行卡。",
    "This invoice cannot be paid.": "此账单无法支付。",
    "This invoice is paid. Thank you.": "此账单已付清，谢谢。",
    "Your card was declined.": "您的银行卡被拒绝。",
    "Your card has insufficient funds.": "您的银行卡余额不足。",
    "Your card has expired.": "您的银行卡已过期。",
    "Your card number is incorrect.": "银行卡号不正确。",
    "Your card was declined. Your request was in test mode, but used a non test card.": (
        "银行卡被拒绝：测试环境只能使用测试卡。"
    ),
    "We are unable to authenticate your payment method. Please choose a different one and try again.": (
        "无法验证您的支付方式，请换一种支付方式再试。"
    ),
}  # fmt: skip


class Words:
    """The words of one language."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, text: str, **names: str) -> str:
        """Return `text` in this language, with its named parts filled in."""
        chosen = ZH.get(text, text) if self.language == CHINESE else text
        return chosen.format(**names) if names else chosen


def words_for(accept_language: str, locale: str | None = None) -> Words:
    """Return the words for a browser: a session's own locale first, then its first language."""
    wanted = locale if locale not in {None, "", "auto"} else accept_language.partition(",")[0]
    return Words(CHINESE if str(wanted).strip().lower().startswith("zh") else ENGLISH)
