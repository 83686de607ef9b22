%%% Answers a contact who asks for the presence of a user that is not signed in (RFC 6121 section 4.3.2): ejabberd says nothing then, and the
%%% gateway would go on to watch the contact for a user who is gone.
%%% SPDX-License-Identifier: Apache-2.0
-module(mod_isthmus_probe).

-export([note/2]).

-include("mod_isthmus.hrl").

%% A stanza of the gateway that has passed the guard. Sessions answer for themselves; who may not see the user learns nothing.
-spec note(stanza(), mod_isthmus_config:hub()) -> ok.
note(#presence{type = probe, from = Contact, to = #jid{luser = LUser, lserver = LServer} = To}, #{component := Component}) when LUser =/= <<>> ->
    User = jid:remove_resource(To),
    IsAway = mod_isthmus_config:component_of(LServer) =:= Component andalso ejabberd_sm:get_user_present_resources(LUser, LServer) =:= [],
    IsAway andalso mod_isthmus_roster:lets_in(User, Contact) andalso
        ejabberd_router:route(#presence{type = unavailable, from = User, to = Contact}),
    ok;
note(_, _Hub) ->
    ok.
