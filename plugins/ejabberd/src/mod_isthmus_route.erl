%%% Hands stanzas to the gateway: those for users of served domains who are not here, and those for the component itself.
%%%
%%% The hook sees each stanza of the server before it has a way: before roster, offline storage, archive and the recipient's block list,
%%% and after the same modules of its sender. For the component it also stands before ejabberd's own choice among several connections.
%%% SPDX-License-Identifier: Apache-2.0
-module(mod_isthmus_route).

-export([filter_packet/1, bounce/2]).

-include_lib("xmpp/include/xmpp.hrl").

-spec filter_packet(stanza() | drop) -> stanza() | drop | {stop, drop}.
filter_packet(drop) ->
    drop;
filter_packet(Packet) ->
    case destination(xmpp:get_to(Packet)) of
        here -> Packet;
        Hub -> hand_over(Packet, Hub)
    end.

%% The way back for a stanza that cannot be handed over. Presence has none (RFC 6121 section 8), answers have none either.
-spec bounce(stanza(), not_connected | full) -> ok.
bounce(#presence{}, _Why) ->
    ok;
bounce(Packet, Why) ->
    ejabberd_router:route_error(Packet, stanza_error(Why, xmpp:get_lang(Packet))).

destination(#jid{lserver = Server} = To) ->
    case mod_isthmus_config:hub(Server) of
        undefined -> hub_of_user(To, mod_isthmus_config:component_of(Server));
        Hub -> Hub
    end.

hub_of_user(_To, undefined) ->
    here;
hub_of_user(To, Component) ->
    Hub = mod_isthmus_config:hub(Component),
    case Hub =/= undefined andalso mod_isthmus_accounts:is_missing(To, Component) of
        true -> Hub;
        false -> here
    end.

hand_over(Packet, Hub) ->
    Prepared = xmpp:set_from_to(Packet, prepared(xmpp:get_from(Packet)), prepared(xmpp:get_to(Packet))),
    case mod_isthmus_hub:hand_over(Prepared, Hub) of
        ok -> ok;
        {error, Why} -> bounce(Prepared, Why)
    end,
    {stop, drop}.

%% An address as it is compared, which ejabberd keeps beside the one that was written.
prepared(#jid{luser = User, lserver = Server, lresource = Resource}) ->
    jid:make(User, Server, Resource).

stanza_error(not_connected, Lang) ->
    xmpp:err_remote_server_timeout(<<"The gateway to this user's server is not connected">>, Lang);
stanza_error(full, Lang) ->
    xmpp:err_resource_constraint(<<"The gateway to this user's server has too much to do; try again later">>, Lang).
