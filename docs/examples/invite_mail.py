"""An invitation with a mail of one's own making."""

import asyncio

import interviewkit as ik
from interviewkit.providers import codility as vendor


async def main() -> None:
    async with ik.Codility() as codility:
        test = await codility.list_assessments().first()
        assert test is not None
        # [start:mail]
        template = await codility.send(vendor.get_default_email_template())
        mail = ik.InvitationEmail.from_template(template, placeholders={"COMPANY_NAME": "Acme"}, cc=["hr@example.com"])
        robin = ik.Candidate(email="robin@example.com", first_name="Robin")
        invitation = await codility.invite_candidate(test.id, robin, email=mail)
        print("mailed:", invitation.email_sent, "warnings:", [one.field for one in invitation.warnings])
        # [end:mail]
        # [start:again]
        again = vendor.send_session_email(invitation.ref.id, subject=mail.subject, content=mail.content)
        await codility.send(again)
        # [end:again]


asyncio.run(main())
